#include <gtest/gtest.h>
#include <sys/syscall.h>

#include <algorithm>

#include "proxy/base/file.h"
#include "tests/proxy/base/crash_points.h"
#include "tests/proxy/base/temporary_directory.h"

namespace stevedore {
namespace {

TEST(WriteFileAtomicallyCrash, AnyPrefixOfItsCallsLeavesTheOldOrTheNewFile) {
  const TemporaryDirectory dir;
  const std::string path = dir.File("f");
  const std::string before(100'000, 'o');
  const std::string after(150'000, 'n');
  ASSERT_TRUE(WriteFileAtomically(path, before));
  int as_before = 0;
  int as_after = 0;
  const auto body = [&] {
    if (!WriteFileAtomically(path, after)) ::_exit(1);
  };
  const CrashPoints seen = AtEveryCrashPoint(body, [&](const CrashPoints& at) {
    const auto content = ReadFile(path);
    ASSERT_TRUE(content) << "at point " << at.points;
    ASSERT_TRUE(*content == before || *content == after) << "a mixture at point " << at.points;
    ++(*content == before ? as_before : as_after);
    EXPECT_TRUE(as_after == 0 || *content == after) << "back at point " << at.points;
  });
  if (!seen.possible) GTEST_SKIP() << "no process may be traced here";
  EXPECT_GE(seen.points, 14) << "open, write, fsync, rename, open, fsync: each before and after";
  EXPECT_GT(as_before, 0);
  EXPECT_GT(as_after, 0);
  EXPECT_EQ(*ReadFile(path), after);
}

TEST(WriteFileAtomicallyCrash, WhatAKillLeavesIsGoneWithTheNextWrite) {
  const TemporaryDirectory dir;
  const std::string path = dir.File("f");
  const CrashPoints seen = AtEveryCrashPoint(
      [&] { (void)WriteFileAtomically(path, "killed"); },
      [&](const CrashPoints& at) {
        const auto files = [&] {
          const auto begin = std::filesystem::directory_iterator(dir.path());
          return std::distance(begin, std::filesystem::directory_iterator());
        };
        EXPECT_LE(files(), 2) << "at point " << at.points;
        ASSERT_TRUE(WriteFileAtomically(path, "next")) << "at point " << at.points;
        EXPECT_EQ(files(), 1) << "at point " << at.points;
        EXPECT_EQ(*ReadFile(path), "next");
      });
  if (!seen.possible) GTEST_SKIP() << "no process may be traced here";
  EXPECT_GE(seen.points, 14);
}

// What a machine that loses its power needs: the content is on the disk before the name leads to
// it, and then the name.
TEST(WriteFileAtomicallyCrash, SyncsTheContentBeforeTheNameAndThenTheName) {
  const TemporaryDirectory dir;
  const CrashPoints seen =
      AtEveryCrashPoint([&] { (void)WriteFileAtomically(dir.File("f"), "x"); }, [](auto&) {});
  if (!seen.possible) GTEST_SKIP() << "no process may be traced here";
  std::vector<long> order;
  for (const long call : seen.calls)
    if (call == SYS_write || call == SYS_fsync || call == SYS_rename) order.push_back(call);
  EXPECT_EQ(order, (std::vector<long>{SYS_write, SYS_fsync, SYS_rename, SYS_fsync}));
}

}  // namespace
}  // namespace stevedore
