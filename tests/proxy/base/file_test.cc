#include "proxy/base/file.h"

#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include <atomic>
#include <csignal>
#include <thread>

#include "tests/proxy/base/temporary_directory.h"

namespace stevedore {
namespace {

TEST(ReadFile, WholeContent) {
  const TemporaryDirectory dir;
  const std::string content = std::string("a\0b\n", 4) + std::string(100'000, 'x');
  ASSERT_TRUE(WriteFileAtomically(dir.File("f"), content));
  const auto read = ReadFile(dir.File("f"));
  ASSERT_TRUE(read);
  EXPECT_EQ(*read, content);
}

TEST(ReadFile, Errors) {
  const TemporaryDirectory dir;
  EXPECT_EQ(ReadFile(dir.File("none")).error().code, Errc::kNotFound);
  EXPECT_NE(ReadFile(dir.File("none")).error().detail.find(dir.File("none")), std::string::npos);
  EXPECT_EQ(ReadFile(dir.path()).error().code, Errc::kUnavailable);
  ASSERT_TRUE(WriteFileAtomically(dir.File("f"), "12345"));
  EXPECT_TRUE(ReadFile(dir.File("f"), 5));
  EXPECT_EQ(ReadFile(dir.File("f"), 4).error().code, Errc::kInvalid);
}

TEST(ReadFile, TakesFilesOnlyAndWaitsForNobody) {
  const TemporaryDirectory dir;
  const auto refused = [&](const std::string& name) {
    const auto read = ReadFile(dir.File(name), 1000);
    return !read && read.error().code == Errc::kInvalid;
  };
  ASSERT_EQ(::mkfifo(dir.File("pipe").c_str(), 0600), 0);
  EXPECT_TRUE(refused("pipe"));
  std::filesystem::create_symlink("/dev/zero", dir.File("device"));
  EXPECT_TRUE(refused("device"));
  std::filesystem::create_symlink("nowhere", dir.File("dangling"));
  EXPECT_EQ(ReadFile(dir.File("dangling")).error().code, Errc::kNotFound);
  ASSERT_TRUE(WriteFileAtomically(dir.File("huge"), "x"));
  std::filesystem::resize_file(dir.File("huge"), 10'000'000'000);
  EXPECT_TRUE(refused("huge"));
  ASSERT_TRUE(WriteFileAtomically(dir.File("f"), "content"));
  std::filesystem::create_symlink("f", dir.File("link"));
  EXPECT_EQ(*ReadFile(dir.File("link")), "content") << "as a ConfigMap is mounted";
  EXPECT_EQ(*ReadFile("/dev/null"), "") << "named on purpose";
}

TEST(WriteFileAtomically, ReplacesAndLeavesNothingBeside) {
  const TemporaryDirectory dir;
  ASSERT_TRUE(WriteFileAtomically(dir.File("f"), "old and long"));
  ASSERT_TRUE(WriteFileAtomically(dir.File("f"), "new"));
  EXPECT_EQ(*ReadFile(dir.File("f")), "new");
  ASSERT_TRUE(WriteFileAtomically(dir.File("f"), ""));
  EXPECT_EQ(*ReadFile(dir.File("f")), "");
  const auto begin = std::filesystem::directory_iterator(dir.path());
  EXPECT_EQ(std::distance(begin, std::filesystem::directory_iterator()), 1);
}

TEST(WriteFileAtomically, AReaderSeesTheOldOrTheNew) {
  const TemporaryDirectory dir;
  const std::string a(50'000, 'a');
  const std::string b(70'000, 'b');
  ASSERT_TRUE(WriteFileAtomically(dir.File("f"), a));
  std::atomic<bool> done{false};
  std::thread reader([&] {
    while (!done.load()) {
      const auto read = ReadFile(dir.File("f"));
      ASSERT_TRUE(read && (*read == a || *read == b));
    }
  });
  for (int i = 0; i < 30; ++i) EXPECT_TRUE(WriteFileAtomically(dir.File("f"), i % 2 ? a : b));
  done = true;
  reader.join();
}

TEST(WriteFileAtomically, Errors) {
  const TemporaryDirectory dir;
  const auto missing = WriteFileAtomically(dir.File("none/f"), "x");
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().code, Errc::kNotFound);
  std::filesystem::create_directory(dir.File("taken"));
  std::filesystem::create_directory(dir.File("taken/inside"));
  const auto taken = WriteFileAtomically(dir.File("taken"), "x");
  ASSERT_FALSE(taken);
  EXPECT_NE(taken.error().detail.find("rename"), std::string::npos);
  EXPECT_FALSE(std::filesystem::exists(dir.File("taken.tmp"))) << "the temporary file is removed";
}

TEST(WriteFileAtomically, AFullDiskKeepsTheOldContent) {
  // A limit of the size of files stands in for it: what fits is written, the rest is refused.
  const TemporaryDirectory dir;
  const std::string fresh(100'000, 'x');
  ASSERT_TRUE(WriteFileAtomically(dir.File("f"), "old"));
  rlimit before{};
  ASSERT_EQ(::getrlimit(RLIMIT_FSIZE, &before), 0);
  const rlimit small{50'000, before.rlim_max};
  const auto handler = ::signal(SIGXFSZ, SIG_IGN);
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &small), 0);
  const auto written = WriteFileAtomically(dir.File("f"), fresh);
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &before), 0);
  ::signal(SIGXFSZ, handler);
  ASSERT_FALSE(written);
  EXPECT_NE(written.error().detail.find("write " + dir.File("f.tmp")), std::string::npos);
  EXPECT_EQ(*ReadFile(dir.File("f")), "old");
  EXPECT_FALSE(std::filesystem::exists(dir.File("f.tmp")));
  EXPECT_TRUE(WriteFileAtomically(dir.File("f"), fresh));
}

TEST(WriteFileAtomically, WhatAKilledWriterLeftIsReplaced) {
  const TemporaryDirectory dir;
  const std::string left = dir.File("f.tmp");
  const auto write = [&] { return WriteFileAtomically(dir.File("f"), "new"); };
  ASSERT_EQ(::mkfifo(left.c_str(), 0600), 0);
  EXPECT_TRUE(write()) << "nobody waits for who reads the pipe";
  std::filesystem::create_symlink(dir.File("elsewhere"), left);
  EXPECT_TRUE(write());
  EXPECT_FALSE(std::filesystem::exists(dir.File("elsewhere"))) << "no link is followed";
  std::filesystem::create_directory(left);
  EXPECT_FALSE(write());
  EXPECT_EQ(*ReadFile(dir.File("f")), "new");
}

TEST(IdentifyFile, TellsAnotherFileAndAnotherContent) {
  const TemporaryDirectory dir;
  EXPECT_FALSE(IdentifyFile(dir.File("f")));
  ASSERT_TRUE(WriteFileAtomically(dir.File("f"), "1"));
  const auto first = IdentifyFile(dir.File("f"));
  ASSERT_TRUE(first);
  EXPECT_EQ(IdentifyFile(dir.File("f")), first);
  ASSERT_TRUE(WriteFileAtomically(dir.File("g"), "1"));
  std::filesystem::rename(dir.File("g"), dir.File("f"));
  EXPECT_NE(IdentifyFile(dir.File("f")), first);
}

}  // namespace
}  // namespace stevedore
