#include "proxy/control/signals.h"

#include <sys/signalfd.h>

#include <cerrno>
#include <csignal>
#include <cstring>
#include <string>
#include <utility>

namespace stevedore::control {

Result<Signals> Signals::Open() {
  // Not ours, and not worth the end of a proxy.
  for (const int number : {SIGPIPE, SIGUSR1, SIGUSR2}) std::signal(number, SIG_IGN);
  sigset_t set;
  ::sigemptyset(&set);
  for (const int number : {SIGTERM, SIGINT, SIGHUP}) ::sigaddset(&set, number);
  const int blocked = ::pthread_sigmask(SIG_BLOCK, &set, nullptr);
  if (blocked != 0)
    return Error{Errc::kInternal, std::string("block signals: ") + std::strerror(blocked)};
  UniqueFd fd(::signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC));
  if (!fd) return Error{Errc::kUnavailable, std::string("signalfd: ") + std::strerror(errno)};
  return Signals(std::move(fd));
}

std::optional<Signals::Kind> Signals::Take() noexcept {
  signalfd_siginfo info;
  if (::read(fd_.get(), &info, sizeof info) != static_cast<ssize_t>(sizeof info))
    return std::nullopt;
  return info.ssi_signo == SIGHUP ? Kind::kReload : Kind::kStop;
}

}  // namespace stevedore::control
