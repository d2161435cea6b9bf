// What the load generator's modes share: flags, sockets, batches, pacing and the form of a
// datagram.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <netinet/in.h>
#include <sys/socket.h>

#include <array>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace stevedore::load {

// A request is {id, sequence, zeros}; a reply is {number of the peer, port that it saw} before the
// request. Network order.
struct Request {
  std::uint32_t id;
  std::uint32_t sequence;
};
struct Reply {
  std::uint32_t peer;
  std::uint32_t port;
  Request request;
};
// A flood's datagrams have their source, 127.16.0.0 and up, as id; other ids are below.
inline constexpr std::uint32_t kFirstFloodSource = 0x7f100000;
inline constexpr std::size_t kReplyHead = sizeof(Reply) - sizeof(Request);

// "--name value" pairs.
class Flags {
 public:
  Flags(int argc, char** argv);
  std::string Text(const std::string& name, const std::string& otherwise) const;
  std::int64_t Number(const std::string& name, std::int64_t otherwise) const;

 private:
  std::map<std::string, std::string> values_;
};

struct Address {
  sockaddr_storage storage{};
  socklen_t length = 0;
  std::uint16_t port() const;
};
// Ends the program when `host` is not an IP address.
Address MakeAddress(const std::string& host, std::uint16_t port);
// Non-blocking, bound, with buffers as large as this process may have. Ends the program on failure.
int BoundSocket(const Address& address);
Address LocalAddress(int fd);

// Monotonic, in seconds.
double Now();
// Whether whoever started this program has told it to end.
bool ToldToEnd();

// How many datagrams are due at a fixed rate; a pause is not made up for at once.
class Pacer {
 public:
  explicit Pacer(std::int64_t rate) : rate_(static_cast<double>(rate)), last_(Now()) {}
  unsigned Due(unsigned most);

 private:
  double rate_;
  double last_;
  double credit_ = 0;
};

// Up to kSlots datagrams received or to be sent at once, with PKTINFO of IPv4.
class Batch {
 public:
  static constexpr unsigned kSlots = 64;
  static constexpr std::size_t kBytes = 2048;
  Batch();

  // How many were received; 0 when there is nothing, or an error was pending.
  unsigned Receive(int fd);
  // Sends the first `count`; waits for room. How many the system refused.
  unsigned Send(int fd, unsigned count);

  std::uint8_t* data(unsigned slot) { return buffers_[slot].data(); }
  std::size_t& size(unsigned slot) { return vectors_[slot].iov_len; }
  Address& peer(unsigned slot) { return addresses_[slot]; }
  // The address that the datagram came to, in network order; 0 when not told.
  in_addr local(unsigned slot);
  // The datagram leaves from this address.
  void SetSource(unsigned slot, in_addr source);

 private:
  std::array<std::array<std::uint8_t, kBytes>, kSlots> buffers_;
  std::array<iovec, kSlots> vectors_;
  std::array<Address, kSlots> addresses_;
  std::array<std::array<std::uint8_t, 64>, kSlots> controls_;
  std::array<std::size_t, kSlots> control_sizes_{};
  std::array<mmsghdr, kSlots> headers_{};
};

// The modes. Each prints one line of JSON at its end and returns the exit code.
int Flows(const Flags& flags);
int Flood(const Flags& flags);
int Keys(const Flags& flags);
int Peers(const Flags& flags);

}  // namespace stevedore::load
