#include "proxy/base/directory_watch.h"

#include <sys/inotify.h>

#include <cerrno>
#include <cstring>

namespace stevedore {

Result<DirectoryWatch> DirectoryWatch::Open(const std::string& directory) {
  UniqueFd fd(::inotify_init1(IN_NONBLOCK | IN_CLOEXEC));
  if (!fd) return Error{Errc::kUnavailable, std::string("inotify: ") + std::strerror(errno)};
  const std::uint32_t mask =
      IN_CLOSE_WRITE | IN_MOVED_TO | IN_MOVED_FROM | IN_DELETE | IN_CREATE | IN_ATTRIB;
  if (::inotify_add_watch(fd.get(), directory.c_str(), mask | IN_ONLYDIR) < 0)
    return Error{errno == ENOENT ? Errc::kNotFound : Errc::kUnavailable,
                 "watch directory " + directory + ": " + std::strerror(errno)};
  return DirectoryWatch(std::move(fd));
}

bool DirectoryWatch::Drain(const std::string& name) noexcept {
  alignas(inotify_event) char buffer[8192];
  bool changed = false;
  for (;;) {
    const ssize_t n = ::read(fd_.get(), buffer, sizeof buffer);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return changed;
    for (const char* p = buffer; p < buffer + n;) {
      const auto* event = reinterpret_cast<const inotify_event*>(p);
      if (name.empty() || (event->mask & IN_Q_OVERFLOW) != 0 ||
          (event->len > 0 && name == event->name))
        changed = true;
      p += sizeof(inotify_event) + event->len;
    }
  }
}

}  // namespace stevedore
