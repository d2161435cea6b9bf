#include "controller/sync_loop.h"

#include <gtest/gtest.h>

#include <filesystem>

#include "tests/controller/sync_loop_fixture.h"

namespace stevedore {
namespace {

TEST_F(SyncLoopTest, WritesNothingBeforeThePictureIsComplete) {
  Start();
  store_.Replace(Kind::kRoute, "", {Route("a", 1001)});
  store_.Replace(Kind::kService, "", {});
  for (int i = 0; i < 20; ++i) {  // give it every chance to be wrong
    store_.Wake();
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
    ASSERT_EQ(Ports(), "-");
  }
  EXPECT_FALSE(loop_->ready());
  store_.Replace(Kind::kEndpointSlice, "", {});
  EXPECT_TRUE(WaitForPorts("1001"));
  EXPECT_TRUE(WaitUntil([&] { return loop_->ready(); }));
}

TEST_F(SyncLoopTest, PublishesWithoutNewsWhatIsDue) {
  ASSERT_NO_FATAL_FAILURE(StartProgrammed());
  const int before = sink_.calls();
  store_.Wake();
  sink_.set_due();
  store_.Wake();
  EXPECT_TRUE(WaitUntil([&] { return sink_.calls() > before; }));
}

TEST_F(SyncLoopTest, WritesOncePerChangeAndNothingWithoutOne) {
  Feed({Route("a", 1001)});
  Start();
  ASSERT_TRUE(WaitForPorts("1001"));
  store_.Apply(Kind::kRoute, Route("b", 1002));
  ASSERT_TRUE(WaitForPorts("1001 1002"));
  store_.Delete(Kind::kRoute, {"game", "a"});
  ASSERT_TRUE(WaitForPorts("1002"));
  ASSERT_TRUE(WaitForSyncs(3));
  // The same object again is no news; its new version is, for statuses alone.
  const int before = sink_.calls();
  store_.Apply(Kind::kRoute, Route("b", 1002));
  store_.Apply(Kind::kRoute, Route("b", 1002, "2"));
  EXPECT_TRUE(WaitUntil([&] { return sink_.calls() > before; }));
  const SyncNumbers numbers = loop_->numbers();
  EXPECT_EQ(numbers.syncs, 3u);
  EXPECT_EQ(numbers.config_writes, 3u);
  EXPECT_EQ(numbers.sync_errors, 0u);
  EXPECT_EQ(numbers.config_bytes, std::filesystem::file_size(path_));
  EXPECT_GT(numbers.config_written_at, 0);
}

TEST_F(SyncLoopTest, CountsTheConfigOfAFormerProcess) {
  Feed({Route("a", 1001)});
  Start();
  ASSERT_TRUE(WaitForPorts("1001"));
  Stop();
  Start();
  ASSERT_TRUE(WaitForSyncs(1));
  EXPECT_EQ(loop_->numbers().config_writes, 0u);
}

TEST_F(SyncLoopTest, WritesTheConfigAgainThatSomebodyRemoved) {
  Feed({Route("a", 1001)});
  Start();
  ASSERT_TRUE(WaitForPorts("1001"));
  std::filesystem::remove(path_);
  EXPECT_TRUE(WaitForPorts("1001"));
  ASSERT_TRUE(WriteFileAtomically(path_, "{}"));
  EXPECT_TRUE(WaitForPorts("1001"));
}

TEST_F(SyncLoopTest, CallsTheSinkAgainUntilItIsDone) {
  sink_.set_done(false);
  ASSERT_NO_FATAL_FAILURE(StartProgrammed());
  const int calls = sink_.calls();
  EXPECT_TRUE(WaitUntil([&] { return sink_.calls() > calls + 2; }));
}

TEST_F(SyncLoopTest, ABadRouteStopsNoOther) {
  source::Object bad = Route("bad", 70000);
  source::Object broken = Route("broken", 1003);
  broken.json = "{";
  Feed({Route("good", 1001), bad, broken});
  Start();
  ASSERT_TRUE(WaitForPorts("1001"));
  Acknowledge();
  EXPECT_TRUE(WaitFor("good", "True/Programmed"));
  EXPECT_EQ(sink_.Of("bad"), "False/Invalid");
  EXPECT_EQ(sink_.Of("bad", "Accepted"), "False/Invalid");
  EXPECT_EQ(sink_.Of("broken", "Accepted"), "False/Invalid");
}

}  // namespace
}  // namespace stevedore
