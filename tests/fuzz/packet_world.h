// The packet path of one worker with real sockets on loopback and no thread: the fuzz target sends
// as clients and peers, says when the worker reads, and reads what came.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cerrno>
#include <chrono>
#include <cstddef>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "proxy/net/recv_batch.h"
#include "proxy/net/send_batch.h"
#include "proxy/net/udp_socket.h"
#include "proxy/runtime/snapshot_builder.h"
#include "proxy/worker/packet_path.h"
#include "proxy/worker/reply_path.h"
#include "tests/fuzz/fuzz.h"

namespace stevedore::fuzz {

constexpr unsigned kV4Clients = 4;
constexpr unsigned kClients = 5;  // the last one is IPv6
constexpr unsigned kPeers = 4;
// Where clients send to: a listener of one address, and three addresses of one that has all.
constexpr std::array<const char*, 4> kTargets = {"127.0.0.1", "127.0.0.1", "127.0.0.2", "::1"};

inline config::SocketAddress Address(std::string_view ip, std::uint16_t port) {
  return {*config::IpAddress::Parse(ip), port};
}
inline config::SocketAddress LocalAddress(int fd) {
  sockaddr_storage storage{};
  socklen_t length = sizeof storage;
  ::getsockname(fd, reinterpret_cast<sockaddr*>(&storage), &length);
  return net::FromSockaddr(storage);
}
inline UniqueFd Bound(std::string_view ip) {
  const config::SocketAddress address = Address(ip, 0);
  const int family = address.ip.is_v4() ? AF_INET : AF_INET6;
  UniqueFd fd(::socket(family, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  sockaddr_storage storage{};
  const socklen_t length = net::ToSockaddr(address, family, storage);
  Require(::bind(fd.get(), reinterpret_cast<const sockaddr*>(&storage), length) == 0,
          "loopback has the addresses of this test", ip);
  const int bytes = 1 << 20;
  ::setsockopt(fd.get(), SOL_SOCKET, SO_RCVBUF, &bytes, sizeof bytes);
  return fd;
}

struct Arrived {
  std::string text;
  config::SocketAddress source;
  bool matched = false;
};
inline void ReadAll(int fd, std::vector<Arrived>& all) {
  static std::array<char, 65536> buffer;
  for (;;) {
    sockaddr_storage from{};
    socklen_t length = sizeof from;
    const ssize_t n = ::recvfrom(fd, buffer.data(), buffer.size(), MSG_DONTWAIT,
                                 reinterpret_cast<sockaddr*>(&from), &length);
    if (n < 0) return;
    all.push_back(
        {std::string(buffer.data(), static_cast<std::size_t>(n)), net::FromSockaddr(from)});
  }
}

// Does `once` until `done` holds. On a busy machine the kernel delivers later than it says that it
// has sent: it may take a second.
template <class Once, class Done>
void Until(Once once, Done done) {
  const auto end = std::chrono::steady_clock::now() + std::chrono::milliseconds(900);
  do once();
  while (!done() && std::chrono::steady_clock::now() < end);
}

// What each socket holds once `count` have arrived at all of them together.
inline std::vector<std::vector<Arrived>> ReadAll(const std::vector<UniqueFd>& sockets,
                                                 std::size_t count) {
  std::vector<std::vector<Arrived>> arrived(sockets.size());
  const auto read = [&] {
    for (std::size_t i = 0; i < sockets.size(); ++i) ReadAll(sockets[i].get(), arrived[i]);
  };
  const auto all = [&] {
    std::size_t found = 0;
    for (const auto& list : arrived) found += list.size();
    return found >= count;
  };
  Until(read, all);
  return arrived;
}

// Sockets live as long as the process: opening them for each input would take most of its time.
struct Sockets {
  std::vector<UniqueFd> clients;
  std::vector<UniqueFd> peers;
  std::array<std::shared_ptr<runtime::ListenerSockets>, 2> listeners;
  std::array<config::SocketAddress, 2> addresses;

  Sockets() {
    for (unsigned i = 0; i < kV4Clients; ++i)
      clients.push_back(Bound("127.0.0.1" + std::to_string(i)));
    clients.push_back(Bound("::1"));
    for (unsigned i = 0; i < kPeers; ++i) peers.push_back(Bound("127.0.0.1"));
    for (unsigned i = 0; i < 2; ++i) {
      auto group = net::OpenListenerGroup(Address(i == 0 ? "127.0.0.1" : "::", 0), 1);
      Require(static_cast<bool>(group), "listeners can be bound");
      addresses[i] = LocalAddress(group->front().get());
      const int family = net::Family(group->front().get());
      listeners[i] = std::make_shared<runtime::ListenerSockets>(
          runtime::ListenerSockets{std::move(*group), family});
    }
  }
  // What an input before left unread is none of the next one's business.
  void Drain() const {
    for (const auto& list : {&clients, &peers}) ReadAll(*list, 0);
    for (const auto& listener : listeners) ReadAll(listener->fds, 0);
  }
  config::SocketAddress Target(unsigned target) const {
    return Address(kTargets[target], addresses[target == 0 ? 0 : 1].port);
  }
  config::SocketAddress Peer(unsigned peer) const { return LocalAddress(peers[peer].get()); }
};

// Registry, builder and Maglev tables stay, too: a table takes longer than everything else.
struct Runtime {
  runtime::Registry registry{1};
  runtime::SnapshotBuilder builder{registry};
  Nanos now{0};
  std::vector<std::shared_ptr<const runtime::MaglevTable>> tables;

  std::shared_ptr<const runtime::Snapshot> Build(const config::ValidConfig& config,
                                                 const Sockets& sockets) {
    const std::vector<config::IpAddress> addresses = {config::IpAddress::V4(0x7f000001)};
    const runtime::BuildInput input{config, addresses, now};
    builder.Register(input);
    for (unsigned i = 0; i < 2; ++i)
      registry.listeners.Get(sockets.addresses[i], [] { return runtime::ListenerRecord{}; })
          .value.sockets = sockets.listeners[i];
    auto snapshot = builder.Build(input);
    for (const runtime::UpstreamEntry& upstream : snapshot->upstreams)
      if (upstream.picks.table &&
          std::find(tables.begin(), tables.end(), upstream.picks.table) == tables.end())
        tables.push_back(upstream.picks.table);
    return snapshot;
  }
};

// One worker's parts, new for each input.
class Engine {
 public:
  explicit Engine(const Sockets& sockets) : sockets_(sockets) {}

  void Apply(std::shared_ptr<const runtime::Snapshot> next) {
    sessions_.Apply(*next, now);
    packets_.Apply(*next);
    replies_.Apply(*next);
    v4_.Avoid(next->listener_ports);
    v6_.Avoid(next->listener_ports);
    snapshot_ = std::move(next);
  }

  // Reads a listener to its end and forwards.
  void ServeListener(unsigned listener) {
    static net::RecvBatch batch;
    const int fd = sockets_.listeners[listener]->fds[0].get();
    packets_.SetTime(std::chrono::milliseconds(100) * now);
    for (;;) {
      const int n = batch.Receive(fd);
      Require(n >= 0, "a listener's socket has no error to tell");
      if (n == 0) return;
      packets_.Forward(Entry(listener), batch, static_cast<unsigned>(n), now);
    }
  }
  // Reads the pool sockets to their end and delivers.
  void ServePools() {
    for (std::uint32_t slot = 0; slot < v4_.size(); ++slot)
      if (v4_.fd(slot) >= 0)
        while (!replies_.Receive(v4_, slot, 64, now)) {
        }
    replies_.Flush();
  }
  void Pass(session::Tick ticks) {
    now += ticks;
    sessions_.Expire(now);
    v4_.CloseUnused(now);
  }

  const runtime::ListenerEntry& Entry(unsigned listener) const {
    for (const runtime::ListenerEntry& entry : snapshot_->listeners)
      if (entry.address.port == sockets_.addresses[listener].port) return entry;
    std::abort();  // both are in every config
  }
  runtime::ListenerCounters& Counters(unsigned listener) const {
    return Entry(listener).stats->of(0);
  }
  runtime::ListenerCounters& Nowhere() const { return snapshot_->nowhere->of(0); }
  // Whether somebody holds this port towards this peer.
  bool IsLeased(std::uint16_t port, const config::SocketAddress& peer) const {
    for (std::uint32_t slot = 0; slot < v4_.size(); ++slot)
      if (v4_.fd(slot) >= 0 && v4_.port(slot) == port)
        return sessions_.FindReply(true, slot, peer) != session::kNoSession;
    return false;
  }
  std::vector<std::uint16_t> OpenPorts() const {
    std::vector<std::uint16_t> ports;
    for (std::uint32_t slot = 0; slot < v4_.size(); ++slot)
      if (v4_.fd(slot) >= 0) ports.push_back(v4_.port(slot));
    return ports;
  }
  std::uint32_t sessions() const { return sessions_.size(); }

  session::Tick now = 36'000;

 private:
  static constexpr std::uint32_t kPoolSockets = 400;

  const Sockets& sockets_;
  session::OwnPorts own_;
  const session::PortPool::Hooks hooks_{[](std::uint32_t, int) { return true; },
                                        [](std::uint32_t, int) {}};
  session::PortPool v4_{true, kPoolSockets, own_, hooks_};
  session::PortPool v6_{false, kPoolSockets, own_, hooks_};
  session::SessionTable sessions_{256, 0, v4_, v6_, now};
  session::KeyTable keys_{1 << 14};  // so large that no key pushes another one out
  worker::PacketPath packets_{0, sessions_, keys_, own_, true};
  worker::ReplyPath replies_{0, sessions_, true};
  std::shared_ptr<const runtime::Snapshot> snapshot_;
};

}  // namespace stevedore::fuzz
