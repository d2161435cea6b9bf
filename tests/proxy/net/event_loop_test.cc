#include "proxy/net/event_loop.h"

#include <gtest/gtest.h>

#include <thread>
#include <utility>

#include "tests/proxy/net/sockets.h"

namespace stevedore::net {
namespace {

using std::chrono::milliseconds;

class EventLoopTest : public testing::Test {
 protected:
  EventLoop loop_ = std::move(*EventLoop::Create());
  UniqueFd socket_ = BoundSocket(At("127.0.0.1:0"));
  UniqueFd client_ = BoundSocket(At("127.0.0.1:0"));
};

TEST_F(EventLoopTest, TellsTheTagOfWhatIsReadable) {
  ASSERT_TRUE(loop_.Add(socket_.get(), 0xffffffff00000007u));
  EXPECT_TRUE(loop_.Wait(milliseconds(0)).empty());
  ASSERT_TRUE(SendTo(client_.get(), LocalAddress(socket_.get()), "x"));
  for (int i = 0; i < 2; ++i) {  // level-triggered: told until it is read
    const auto events = loop_.Wait(milliseconds(5000));
    ASSERT_EQ(events.size(), 1u);
    EXPECT_EQ(events[0].tag, 0xffffffff00000007u);
    EXPECT_NE(events[0].events & EPOLLIN, 0u);
  }
  ASSERT_TRUE(ReceiveFrom(socket_.get()));
  EXPECT_TRUE(loop_.Wait(milliseconds(0)).empty());
}

TEST_F(EventLoopTest, RemovedDescriptorsAreSilent) {
  ASSERT_TRUE(loop_.Add(socket_.get(), 1));
  EXPECT_FALSE(loop_.Add(socket_.get(), 2)) << "it is watched already";
  EXPECT_FALSE(loop_.Add(-1, 2));
  loop_.Remove(socket_.get());
  ASSERT_TRUE(SendTo(client_.get(), LocalAddress(socket_.get()), "x"));
  EXPECT_TRUE(loop_.Wait(milliseconds(0)).empty());
}

TEST_F(EventLoopTest, WakeFromAnotherThreadEndsTheWait) {
  std::thread other([this] { loop_.Wake(); });
  const auto begin = std::chrono::steady_clock::now();
  EXPECT_TRUE(loop_.Wait(milliseconds(60'000)).empty()) << "the wake-up itself is not told";
  EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(30));
  other.join();
  EXPECT_TRUE(loop_.Wait(milliseconds(0)).empty());
}

TEST_F(EventLoopTest, WakeUpsBeforeTheWaitCountOnce) {
  for (int i = 0; i < 5; ++i) loop_.Wake();
  const auto begin = std::chrono::steady_clock::now();
  loop_.Wait(milliseconds(60'000));
  EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(30));
  EXPECT_TRUE(loop_.Wait(milliseconds(1)).empty());
}

}  // namespace
}  // namespace stevedore::net
