// SendBatch: datagrams to send, grouped by socket, order kept within a socket, sent by sendmmsg.
// Neighbours of one size to one address leave as one segmented send (UDP_SEGMENT, udp(7)); where
// the system refuses that, one by one.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <netinet/in.h>
#include <sys/socket.h>

#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include "proxy/config/address.h"

namespace stevedore::net {

// Thread: one. No allocation after the first use of a descriptor number.
class SendBatch {
 public:
  static constexpr unsigned kItems = 64;

  // `segments`: whether segmented sends are wanted (segmentation.h).
  explicit SendBatch(bool segments = true) noexcept : segments_(segments) {}

  // Queues one datagram on `fd`, a socket of `family`. `from` (unspecified = the kernel's choice)
  // is the address that it leaves from. `bytes` must stay valid until Flush(). Returns its item
  // number. REQUIRES: size() < kItems.
  unsigned Add(int fd, int family, const config::SocketAddress& to, const config::IpAddress& from,
               std::span<const std::uint8_t> bytes) noexcept;
  unsigned size() const noexcept { return size_; }

  // Sends everything; afterwards error(item) is 0 or the errno that the item met. A failing item
  // never stops those behind it. A destination whose path refuses segments gets none from then on.
  // Empties the batch.
  void Flush() noexcept;
  int error(unsigned item) const noexcept { return errors_[item]; }
  std::uint64_t system_calls() const noexcept { return system_calls_; }

 private:
  static constexpr std::size_t kControlBytes =
      CMSG_SPACE(sizeof(in6_pktinfo)) + CMSG_SPACE(sizeof(std::uint16_t));
  // The payload of the largest IPv4 datagram: what a segmented send holds at most.
  static constexpr std::size_t kMaxRunBytes = 65'507;
  static constexpr std::uint8_t kNone = 0xff;

  struct Item {
    sockaddr_storage to;
    iovec vector;
    msghdr header;
    alignas(cmsghdr) std::array<std::uint8_t, kControlBytes> control;
    std::uint8_t next;  // item of the same socket, or kNone
  };
  struct Group {
    int fd;
    std::uint8_t first;
    std::uint8_t last;
  };
  void SetSource(Item& item, int family, const config::SocketAddress& to,
                 const config::IpAddress& from) noexcept;
  void SendGroup(const Group& group) noexcept;
  // 0 or the errno.
  int SendItem(int fd, const Item& item) noexcept;
  // Makes message `message` of the item and those behind it that go with it; the item behind them.
  std::uint8_t Compose(unsigned message, std::uint8_t first) noexcept;
  static bool SameWay(const Item& a, const Item& b) noexcept;
  static void SetSegment(Item& item, std::uint16_t size) noexcept;
  void SetErrors(unsigned message, int error) noexcept;
  void SendSingly(int fd, unsigned message) noexcept;
  sockaddr_storage& Refuser(const Item& item) noexcept;

  const bool segments_;
  std::array<Item, kItems> items_{};
  std::array<Group, kItems> groups_{};
  std::array<int, kItems> errors_{};
  std::array<mmsghdr, kItems> messages_{};
  std::array<iovec, kItems> vectors_{};        // of the messages of one group
  std::array<std::uint8_t, kItems> firsts_{};  // of a message: its first item, and how many
  std::array<std::uint8_t, kItems> counts_{};
  unsigned vector_count_ = 0;
  std::array<sockaddr_storage, 64> refusers_{};  // of segments, by a hash of their address
  std::vector<std::uint8_t> group_of_fd_;        // by descriptor; kNone outside a batch
  unsigned size_ = 0;
  unsigned group_count_ = 0;
  std::uint64_t system_calls_ = 0;
};

}  // namespace stevedore::net
