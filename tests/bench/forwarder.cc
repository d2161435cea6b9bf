// forward: the bare forwarder, the limit that proxies are measured against: one upstream socket per
// client, epoll, recvmmsg, sendmmsg, and nothing else: no rules, no timeouts, no counters.
#include <fcntl.h>
#include <netinet/udp.h>
#include <sys/epoll.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <string>
#include <unordered_map>

#include "tests/bench/bench.h"

namespace stevedore::bench {
namespace {

constexpr unsigned kBatch = 64;
constexpr std::size_t kBytes = 2048;
constexpr std::uint32_t kListener = 0xffffffff;

struct Client {
  sockaddr_in address;
  sockaddr_in peer;
  int fd;
};

class Forwarder {
 public:
  Forwarder(const sockaddr_in& listen, std::vector<sockaddr_in> peers, bool connected)
      : peers_(std::move(peers)),
        connected_(connected),
        listener_(UdpSocket(listen)),
        poll_(::epoll_create1(EPOLL_CLOEXEC)) {
    Watch(listener_, kListener);
    for (unsigned i = 0; i < kBatch; ++i) {
      vectors_[i] = {buffers_[i].data(), kBytes};
      in_[i].msg_hdr = {&sources_[i], sizeof(sockaddr_in), &vectors_[i], 1, nullptr, 0, 0};
      out_[i].msg_hdr = {nullptr, 0, &cut_[i], 1, nullptr, 0, 0};
    }
  }

  [[noreturn]] void Run() {
    std::array<epoll_event, 256> events;
    for (;;) {
      const int n = ::epoll_wait(poll_, events.data(), static_cast<int>(events.size()), -1);
      for (int i = 0; i < n; ++i) {
        const std::uint32_t who = events[static_cast<std::size_t>(i)].data.u32;
        if (who == kListener)
          while (FromClients()) {
          }
        else
          while (FromPeer(clients_[who])) {
          }
      }
    }
  }

 private:
  void Watch(int fd, std::uint32_t who) {
    epoll_event event{};
    event.events = EPOLLIN;
    event.data.u32 = who;
    if (::epoll_ctl(poll_, EPOLL_CTL_ADD, fd, &event) != 0) Fail("epoll_ctl");
  }

  int Receive(int fd) {
    for (mmsghdr& header : in_) header.msg_hdr.msg_namelen = sizeof(sockaddr_in);
    return ::recvmmsg(fd, in_.data(), kBatch, MSG_DONTWAIT, nullptr);
  }

  // Prepares the datagram in slot `from` as the `to`-th to be sent; `name` is null on a connected
  // socket.
  void Put(unsigned from, unsigned to, sockaddr_in* name) {
    cut_[to] = {buffers_[from].data(), in_[from].msg_len};
    out_[to].msg_hdr.msg_name = name;
    out_[to].msg_hdr.msg_namelen = name == nullptr ? 0 : sizeof(sockaddr_in);
  }

  void Send(int fd, unsigned count) {
    for (unsigned sent = 0; sent < count;) {
      const int n = ::sendmmsg(fd, out_.data() + sent, count - sent, MSG_DONTWAIT);
      sent += n > 0 ? static_cast<unsigned>(n) : 1;  // what cannot be sent is lost
    }
  }

  bool FromClients() {
    const int n = Receive(listener_);
    for (int i = 0; i < n;) {
      Client& client = clients_[Find(sources_[static_cast<std::size_t>(i)])];
      unsigned run = 0;
      for (const auto first = static_cast<std::size_t>(i);
           i < n && Key(sources_[static_cast<std::size_t>(i)]) == Key(sources_[first]); ++i)
        Put(static_cast<unsigned>(i), run++, connected_ ? nullptr : &client.peer);
      Send(client.fd, run);
    }
    return n == static_cast<int>(kBatch);
  }

  bool FromPeer(Client& client) {
    const int n = Receive(client.fd);
    unsigned count = 0;
    for (int i = 0; i < n; ++i) {
      const auto slot = static_cast<unsigned>(i);
      if (!connected_ && Key(sources_[slot]) != Key(client.peer)) continue;
      Put(slot, count++, &client.address);
    }
    Send(listener_, count);
    return n == static_cast<int>(kBatch);
  }

  static std::uint64_t Key(const sockaddr_in& address) {
    return std::uint64_t{address.sin_addr.s_addr} << 16 | address.sin_port;
  }

  std::uint32_t Find(const sockaddr_in& source) {
    const auto [found, fresh] =
        by_address_.try_emplace(Key(source), static_cast<std::uint32_t>(clients_.size()));
    if (fresh) {
      Client client{source, peers_[clients_.size() % peers_.size()], -1};
      sockaddr_in any{};
      any.sin_family = AF_INET;
      client.fd = UdpSocket(any);
      if (connected_ &&
          ::connect(client.fd, reinterpret_cast<sockaddr*>(&client.peer), sizeof client.peer) != 0)
        Fail("connect");
      Watch(client.fd, found->second);
      clients_.push_back(client);
    }
    return found->second;
  }

  const std::vector<sockaddr_in> peers_;
  const bool connected_;
  const int listener_;
  const int poll_;
  std::unordered_map<std::uint64_t, std::uint32_t> by_address_;
  std::vector<Client> clients_;
  std::array<std::array<std::uint8_t, kBytes>, kBatch> buffers_;
  std::array<sockaddr_in, kBatch> sources_;
  std::array<iovec, kBatch> vectors_;
  std::array<iovec, kBatch> cut_;
  std::array<mmsghdr, kBatch> in_{};
  std::array<mmsghdr, kBatch> out_{};
};

}  // namespace

int Forward(const std::vector<std::string>& arguments) {
  if (arguments.size() < 3) {
    std::fputs("usage: stevedore-bench forward connected|unconnected ADDR:PORT PEER...\n", stderr);
    return 2;
  }
  std::vector<sockaddr_in> peers;
  for (std::size_t i = 2; i < arguments.size(); ++i) peers.push_back(ParseAddress(arguments[i]));
  auto forwarder = std::make_unique<Forwarder>(ParseAddress(arguments[1]), std::move(peers),
                                               arguments[0] == "connected");
  forwarder->Run();
}

}  // namespace stevedore::bench
