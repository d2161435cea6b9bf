#include "proxy/base/unique_fd.h"

#include <fcntl.h>
#include <gtest/gtest.h>

namespace stevedore {
namespace {

bool IsOpen(int fd) { return ::fcntl(fd, F_GETFD) >= 0; }

TEST(UniqueFd, ClosesOnce) {
  int raw = -1;
  {
    const UniqueFd fd(::dup(0));
    raw = fd.get();
    EXPECT_TRUE(fd && IsOpen(raw));
  }
  EXPECT_FALSE(IsOpen(raw));
  EXPECT_FALSE(UniqueFd());
}

TEST(UniqueFd, MovesAndReleases) {
  UniqueFd a(::dup(0));
  const int raw = a.get();
  UniqueFd b(std::move(a));
  EXPECT_EQ(b.get(), raw);
  UniqueFd c(::dup(0));
  const int replaced = c.get();
  c = std::move(b);
  EXPECT_FALSE(IsOpen(replaced));
  EXPECT_EQ(c.get(), raw);
  EXPECT_EQ(c.release(), raw);
  EXPECT_TRUE(!c && IsOpen(raw));
  c.reset(raw);
  c.reset();
  EXPECT_FALSE(IsOpen(raw));
}

}  // namespace
}  // namespace stevedore
