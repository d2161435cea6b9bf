// The C library's functions that a worker calls for its datagrams, in this program's own version:
// the linker prefers them. Everything else (sockets, their options) is the real one.
#include <cerrno>
#include <unordered_map>

#include "tests/bench/micro/kernel.h"

using stevedore::bench::Kernel;

namespace {

std::unordered_map<int, sockaddr_in>& Connected() {
  static std::unordered_map<int, sockaddr_in> connected;
  return connected;
}

// On a connected socket `name` is null.
void Sent(int fd, const void* name) {
  Kernel::The().Sent(fd,
                     name != nullptr ? static_cast<const sockaddr_in*>(name) : &Connected()[fd]);
}

ssize_t SizeOf(const msghdr& header) {
  std::size_t size = 0;
  for (std::size_t i = 0; i < header.msg_iovlen; ++i) size += header.msg_iov[i].iov_len;
  return static_cast<ssize_t>(size);
}

ssize_t NothingThere() {
  errno = EAGAIN;
  return -1;
}

}  // namespace

extern "C" {

int epoll_ctl(int, int operation, int fd, epoll_event* event) noexcept {
  if (operation != EPOLL_CTL_DEL) Kernel::The().Watch(fd, event->data.u64);
  return 0;
}

int epoll_wait(int, epoll_event* events, int most, int) { return Kernel::The().Wait(events, most); }

int epoll_pwait2(int, epoll_event* events, int most, const timespec*, const sigset_t*) {
  return Kernel::The().Wait(events, most);
}

int connect(int fd, const sockaddr* address, socklen_t) {
  Connected()[fd] = *reinterpret_cast<const sockaddr_in*>(address);
  return 0;
}

int recvmmsg(int fd, mmsghdr* messages, unsigned most, int, timespec*) {
  const int n = Kernel::The().Receive(fd, messages, most);
  return n > 0 ? n : static_cast<int>(NothingThere());
}

ssize_t recvmsg(int fd, msghdr* header, int) {
  mmsghdr message{*header, 0};
  if (Kernel::The().Receive(fd, &message, 1) == 0) return NothingThere();
  *header = message.msg_hdr;
  return static_cast<ssize_t>(message.msg_len);
}

int sendmmsg(int fd, mmsghdr* messages, unsigned count, int) {
  for (unsigned i = 0; i < count; ++i) {
    messages[i].msg_len = static_cast<unsigned>(SizeOf(messages[i].msg_hdr));
    Sent(fd, messages[i].msg_hdr.msg_name);
  }
  return static_cast<int>(count);
}

ssize_t sendmsg(int fd, const msghdr* header, int) {
  Sent(fd, header->msg_name);
  return SizeOf(*header);
}

ssize_t sendto(int fd, const void*, std::size_t size, int, const sockaddr* to, socklen_t) {
  Sent(fd, to);
  return static_cast<ssize_t>(size);
}

ssize_t send(int fd, const void*, std::size_t size, int) {
  Sent(fd, nullptr);
  return static_cast<ssize_t>(size);
}

}  // extern "C"
