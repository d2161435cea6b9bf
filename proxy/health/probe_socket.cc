#include "proxy/health/probe_socket.h"

#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <utility>
#include <vector>

#include "proxy/net/error_queue.h"
#include "proxy/net/udp_socket.h"

namespace stevedore::health {
namespace {

constexpr int kReadLimit = 256;  // of one Read(): a peer that floods must not hold the thread
constexpr std::size_t kLargestDatagram = 65536;

bool IsHostUnreachable(int error) noexcept {
  return error == EHOSTUNREACH || error == ENETUNREACH || error == EHOSTDOWN || error == ENONET;
}

bool IsUnreachable(int error) noexcept {
  return IsHostUnreachable(error) || error == ECONNREFUSED || error == ENOPROTOOPT ||
         error == EACCES;
}

void Note(int error, ProbeSocket::Heard& heard) noexcept {
  heard.unreachable = heard.unreachable || IsUnreachable(error);
  heard.host_unreachable = heard.host_unreachable || IsHostUnreachable(error);
}

}  // namespace

Result<ProbeSocket> ProbeSocket::Open(const config::SocketAddress& peer, const Ports& avoid) {
  // What is refused stays open until the end, or the kernel would give the same port again.
  std::vector<UniqueFd> refused;
  for (int attempt = 0; attempt < 64; ++attempt) {
    auto fd = net::OpenConnected(peer);
    if (!fd) return fd.error();
    const std::uint16_t port = net::LocalPort(fd->get());
    if (!avoid.test(port)) return ProbeSocket(std::move(*fd), port);
    refused.push_back(std::move(*fd));
  }
  return Error{Errc::kUnavailable, "no local port that is not a listener's"};
}

ProbeSocket::Sent ProbeSocket::Send(std::span<const std::uint8_t> payload) noexcept {
  // The first call may tell the error of an earlier datagram; it is queued as well.
  for (int attempt = 0; attempt < 2; ++attempt) {
    if (::send(fd_.get(), payload.data(), payload.size(), MSG_NOSIGNAL) >= 0) return Sent::kYes;
    if (errno == EHOSTUNREACH || errno == ENETUNREACH) return Sent::kUnreachable;
    if (errno != ECONNREFUSED && errno != EINTR) return Sent::kFailed;
  }
  return Sent::kUnreachable;
}

void ProbeSocket::DrainErrors(Heard& heard) noexcept {
  for (int i = 0; i < kReadLimit; ++i) {
    const auto error = net::TakeError(fd_.get());
    if (!error) break;
    Note(error->error, heard);
  }
  // The pending error outlives the queue when the queue had no room for it.
  int pending = 0;
  socklen_t length = sizeof pending;
  ::getsockopt(fd_.get(), SOL_SOCKET, SO_ERROR, &pending, &length);
  Note(pending, heard);
}

ProbeSocket::Heard ProbeSocket::Read(
    const std::function<bool(std::span<const std::uint8_t>)>& accept, bool errors) {
  static thread_local std::vector<std::uint8_t> buffer(kLargestDatagram);
  Heard heard;
  if (errors) DrainErrors(heard);
  for (int i = 0; i < kReadLimit && !heard.matched; ++i) {
    const ssize_t n = ::recv(fd_.get(), buffer.data(), buffer.size(), MSG_DONTWAIT);
    if (n >= 0) {
      heard.matched = accept({buffer.data(), static_cast<std::size_t>(n)});
    } else if (IsUnreachable(errno)) {
      Note(errno, heard);
      DrainErrors(heard);  // or the queue would tell the same once more
    } else if (errno != EINTR) {
      break;
    }
  }
  return heard;
}

bool ProbeSocket::IsQuiet() noexcept {
  // A pending error is told before "nothing to read".
  std::uint8_t byte;
  return ::recv(fd_.get(), &byte, sizeof byte, MSG_DONTWAIT | MSG_PEEK) < 0 && errno == EAGAIN;
}

}  // namespace stevedore::health
