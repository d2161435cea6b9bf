#include "proxy/base/directory_watch.h"

#include <gtest/gtest.h>
#include <poll.h>

#include <fstream>

#include "proxy/base/file.h"
#include "tests/proxy/base/temporary_directory.h"

namespace stevedore {
namespace {

class DirectoryWatchTest : public testing::Test {
 protected:
  bool Readable() {
    pollfd wait{watch_.fd(), POLLIN, 0};
    return ::poll(&wait, 1, 0) == 1;
  }
  void Write(const std::string& name) { std::ofstream(dir_.File(name)) << "x"; }

  TemporaryDirectory dir_;
  DirectoryWatch watch_ = std::move(*DirectoryWatch::Open(dir_.path()));
};

TEST_F(DirectoryWatchTest, QuietAtFirst) {
  EXPECT_FALSE(Readable());
  EXPECT_FALSE(watch_.Drain());
}

TEST_F(DirectoryWatchTest, TellsOfARenameIntoPlace) {
  ASSERT_TRUE(WriteFileAtomically(dir_.File("config.json"), "{}"));
  EXPECT_TRUE(Readable());
  EXPECT_TRUE(watch_.Drain("config.json"));
  EXPECT_FALSE(Readable());
  EXPECT_FALSE(watch_.Drain("config.json")) << "taken";
}

TEST_F(DirectoryWatchTest, OtherNamesDoNotCount) {
  Write("other");
  Write("config.json.bak");
  EXPECT_TRUE(Readable());
  EXPECT_FALSE(watch_.Drain("config.json"));
  EXPECT_FALSE(Readable());
  Write("other");
  EXPECT_TRUE(watch_.Drain()) << "without a name everything counts";
}

TEST_F(DirectoryWatchTest, TellsOfWritesRemovalsAndSwappedLinks) {
  Write("f");
  EXPECT_TRUE(watch_.Drain("f"));
  std::ofstream(dir_.File("f"), std::ios::app) << "y";
  EXPECT_TRUE(watch_.Drain("f"));
  std::filesystem::remove(dir_.File("f"));
  EXPECT_TRUE(watch_.Drain("f"));
  // As a kubelet does: a new link, renamed over the old one.
  std::filesystem::create_directory_symlink(dir_.path(), dir_.File("..data_tmp"));
  watch_.Drain();
  std::filesystem::rename(dir_.File("..data_tmp"), dir_.File("..data"));
  EXPECT_TRUE(watch_.Drain("..data"));
}

TEST_F(DirectoryWatchTest, ManyEventsAreAllTaken) {
  for (int i = 0; i < 500; ++i) Write("file-with-a-rather-long-name-" + std::to_string(i));
  Write("last");
  EXPECT_TRUE(watch_.Drain("last"));
  EXPECT_FALSE(Readable());
}

TEST(DirectoryWatch, Errors) {
  const TemporaryDirectory dir;
  const auto none = DirectoryWatch::Open(dir.File("none"));
  ASSERT_FALSE(none);
  EXPECT_EQ(none.error().code, Errc::kNotFound);
  std::ofstream(dir.File("file")) << "x";
  EXPECT_FALSE(DirectoryWatch::Open(dir.File("file")));
}

}  // namespace
}  // namespace stevedore
