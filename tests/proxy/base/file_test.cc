#include "proxy/base/file.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <atomic>
#include <thread>

#include "tests/proxy/base/temporary_directory.h"

namespace stevedore {
namespace {

TEST(ReadFile, WholeContent) {
  const TemporaryDirectory dir;
  const std::string content("a\0b\n" + std::string(100'000, 'x'));
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
  // /dev/full stands in for it: the temporary file is a link to there.
  const TemporaryDirectory dir;
  ASSERT_TRUE(WriteFileAtomically(dir.File("f"), "old"));
  std::filesystem::create_symlink("/dev/full", dir.File("f.tmp"));
  EXPECT_FALSE(WriteFileAtomically(dir.File("f"), "new"));
  EXPECT_EQ(*ReadFile(dir.File("f")), "old");
  EXPECT_TRUE(WriteFileAtomically(dir.File("f"), "new")) << "the link was removed";
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
