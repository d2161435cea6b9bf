// Crash points: runs something in children that are stopped, and then killed, at every system call
// that they make, the first at its first, each next one a step later.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <gtest/gtest.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <functional>
#include <vector>

namespace stevedore {

struct CrashPoints {
  bool possible = false;    // false: nobody may be traced here
  int points = 0;           // children that were killed: two for each system call
  std::vector<long> calls;  // what the last child called, which came to its end
};

namespace internal {

// Stops the child at its point `point` or sees it end; whether it was stopped there.
inline bool RunUntil(pid_t child, int point, CrashPoints& out) {
  out.calls.clear();
  for (int steps = 0;; ++steps) {
    int status = 0;
    if (::ptrace(PTRACE_SYSCALL, child, nullptr, nullptr) != 0) return false;
    while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {
    }
    if (!WIFSTOPPED(status)) {
      EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0) << status;
      return false;
    }
    __ptrace_syscall_info info{};
    ::ptrace(PTRACE_GET_SYSCALL_INFO, child, sizeof info, &info);
    if (info.op == PTRACE_SYSCALL_INFO_ENTRY) out.calls.push_back(static_cast<long>(info.entry.nr));
    if (steps == point) return true;
  }
}

}  // namespace internal

// `body` runs in each child; `check` here: while the child stands still, and when it is dead.
inline CrashPoints AtEveryCrashPoint(const std::function<void()>& body,
                                     const std::function<void(const CrashPoints&)>& check) {
  CrashPoints out;
  for (;; ++out.points) {
    const pid_t child = ::fork();
    if (child == 0) {
      if (::ptrace(PTRACE_TRACEME, 0, nullptr, nullptr) != 0) ::_exit(77);
      ::raise(SIGSTOP);
      body();
      ::_exit(0);
    }
    int status = 0;
    if (child < 0 || ::waitpid(child, &status, 0) != child || !WIFSTOPPED(status)) return out;
    out.possible = true;
    ::ptrace(PTRACE_SETOPTIONS, child, nullptr, PTRACE_O_TRACESYSGOOD | PTRACE_O_EXITKILL);
    if (!internal::RunUntil(child, out.points, out)) return out;
    check(out);
    ::kill(child, SIGKILL);
    while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {
    }
    check(out);
  }
}

}  // namespace stevedore
