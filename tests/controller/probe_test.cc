#include "controller/probe.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

namespace stevedore {
namespace {

TEST(IsRunning, TellsTheLivingFromTheStoppedAndTheDead) {
  EXPECT_TRUE(IsRunning(::getpid()));
  const pid_t child = ::fork();
  if (child == 0) {
    for (;;) ::pause();
  }
  EXPECT_TRUE(IsRunning(child));
  int status = 0;
  ::kill(child, SIGSTOP);
  ::waitpid(child, &status, WUNTRACED);
  EXPECT_FALSE(IsRunning(child));
  ::kill(child, SIGCONT);
  ::waitpid(child, &status, WCONTINUED);
  EXPECT_TRUE(IsRunning(child));
  ::kill(child, SIGKILL);
  siginfo_t info{};
  ::waitid(P_PID, static_cast<id_t>(child), &info, WEXITED | WNOWAIT);
  EXPECT_FALSE(IsRunning(child));  // a zombie
  ::waitpid(child, &status, 0);
  EXPECT_FALSE(IsRunning(child));
}

}  // namespace
}  // namespace stevedore
