#include "controller/supervise.h"

#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>

#include "proxy/base/backoff.h"
#include "proxy/base/log.h"

namespace stevedore {
namespace {

pid_t Spawn(const SuperviseOptions& options, const sigset_t& mask) {
  std::vector<char*> argv;
  for (const std::string& text : options.argv) argv.push_back(const_cast<char*>(text.c_str()));
  argv.push_back(nullptr);
  const pid_t parent = ::getpid();
  const pid_t pid = ::fork();
  if (pid != 0) return pid;
  // Between fork and exec only what may be called there.
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (::getppid() != parent) ::_exit(1);  // it died before the line above
  ::sigprocmask(SIG_SETMASK, &mask, nullptr);
  ::execv(options.program.c_str(), argv.data());
  ::_exit(127);
}

// Reaps what has ended; whether `child` is among it.
bool Reap(pid_t child) {
  bool ended = false;
  for (int pid, status = 0; (pid = ::waitpid(-1, &status, WNOHANG)) > 0;) {
    if (pid != child) continue;
    ended = true;
    spdlog::warn("Controller ended pid={} exit_code={} signal={}", pid,
                 WIFEXITED(status) ? WEXITSTATUS(status) : 0,
                 WIFSIGNALED(status) ? WTERMSIG(status) : 0);
  }
  return ended;
}

}  // namespace

SuperviseOptions ChildOfOurselves(int argc, char** argv) {
  ::unsetenv("STEVEDORE_SUPERVISE");
  SuperviseOptions options{.program = "/proc/self/exe", .argv = {argv, argv + argc}};
  std::erase_if(options.argv, [](const std::string& argument) {
    return argument == "--supervise" || argument.starts_with("--supervise=");
  });
  return options;
}

int Supervise(const SuperviseOptions& options) {
  sigset_t signals, former;
  ::sigemptyset(&signals);
  for (const int signal : {SIGTERM, SIGINT, SIGCHLD}) ::sigaddset(&signals, signal);
  ::sigprocmask(SIG_BLOCK, &signals, &former);
  const MonotonicClock clock;
  Backoff backoff(options.first_delay, options.longest_delay);
  pid_t child = -1;
  bool stopping = false;
  Nanos started{0};
  Nanos due{0};  // the next start; while stopping, the next SIGKILL
  for (;;) {
    if (child < 0 && clock.Now() >= due) {
      started = clock.Now();
      child = Spawn(options, former);
      if (child > 0) spdlog::info("Started the controller pid={}", child);
      if (child < 0) spdlog::error("Could not start a process");
      if (child < 0) due = started + backoff.Next(0);
    }
    Nanos wait = std::chrono::hours(1);
    if (child < 0 || stopping) wait = std::max(due - clock.Now(), Nanos(0));
    const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(wait);
    const timespec limit{seconds.count(), (wait - seconds).count()};
    const int signal = ::sigtimedwait(&signals, nullptr, &limit);
    if (signal == SIGTERM || signal == SIGINT) {
      if (!stopping) due = clock.Now() + options.grace;
      stopping = true;
      if (child > 0) ::kill(child, signal);
    } else if (stopping && clock.Now() >= due) {
      due = clock.Now() + std::chrono::seconds(1);
      ::kill(child, SIGKILL);
    }
    if (child > 0 && Reap(child)) {
      child = -1;
      if (clock.Now() - started >= options.healthy_after) backoff.Reset();
      const Nanos delay = backoff.Next(0);
      due = clock.Now() + delay;
      if (!stopping) spdlog::warn("Waiting to start it again delay_ms={}", delay.count() / 1000000);
    }
    if (stopping && child < 0) return 0;
  }
}

}  // namespace stevedore
