#include "proxy/session/port_pool.h"

#include <algorithm>
#include <utility>

#include "proxy/net/udp_socket.h"

namespace stevedore::session {

PortPool::PortPool(bool v4, std::uint32_t max_sockets, OwnPorts& own_ports, Hooks hooks)
    : v4_(v4), max_sockets_(max_sockets), own_ports_(own_ports), hooks_(std::move(hooks)) {}

PortPool::~PortPool() {
  for (std::uint32_t slot = 0; slot < size(); ++slot) Close(slot);
}

bool PortPool::Lease(std::uint32_t slot) noexcept {
  if (slot == size()) sockets_.emplace_back();
  if (!sockets_[slot].fd && !Open(slot)) return false;
  ++sockets_[slot].leases;
  return true;
}

void PortPool::Release(std::uint32_t slot, Tick now, Tick rest_until) noexcept {
  Socket& socket = sockets_[slot];
  --socket.leases;
  socket.keep_until = std::max({socket.keep_until, now + kUnusedTicks, rest_until});
}

bool PortPool::Open(std::uint32_t slot) noexcept {
  std::vector<UniqueFd> refused;  // held until a port is found, so that the kernel offers others
  for (int attempt = 0; attempt < 16; ++attempt) {
    auto fd = net::OpenPoolSocket(v4_);
    if (!fd) return false;
    const std::uint16_t port = net::LocalPort(fd->get());
    if (avoided_ != nullptr && avoided_->test(port)) {
      refused.push_back(std::move(*fd));
      continue;
    }
    if (!hooks_.opened(slot, fd->get())) return false;
    sockets_[slot].fd = std::move(*fd);
    sockets_[slot].port = port;
    own_ports_.Add(port);
    ++open_;
    return true;
  }
  return false;
}

void PortPool::Close(std::uint32_t slot) noexcept {
  Socket& socket = sockets_[slot];
  if (!socket.fd) return;
  hooks_.closing(slot, socket.fd.get());
  own_ports_.Remove(socket.port);
  socket.fd.reset();
  --open_;
}

void PortPool::CloseUnused(Tick now) noexcept {
  for (std::uint32_t slot = 0; slot < size(); ++slot) {
    const Socket& socket = sockets_[slot];
    if (socket.fd && socket.leases == 0 && now >= socket.keep_until) Close(slot);
  }
}

}  // namespace stevedore::session
