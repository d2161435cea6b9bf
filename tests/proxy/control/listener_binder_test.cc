#include "proxy/control/listener_binder.h"

#include <gtest/gtest.h>
#include <sys/resource.h>

#include "proxy/net/udp_socket.h"
#include "proxy/runtime/snapshot_builder.h"
#include "tests/proxy/report/sample.h"
#include "tests/proxy/worker/rig.h"

namespace stevedore::control {
namespace {

using config::IpAddress;
using config::SocketAddress;
using std::chrono::milliseconds;
using std::chrono::seconds;

SocketAddress Loopback(std::uint16_t port) { return {IpAddress::V4(0x7f000001), port}; }

class ListenerBinderTest : public testing::Test {
 protected:
  std::vector<ListenerBinder::Event> Bind(const std::string& listeners) {
    const config::ValidConfig config = Valid(ConfigText(listeners));
    builder_.Register({config, {}, now_});
    return binder_.Bind(config, now_);
  }
  const runtime::ListenerRecord& Record(std::uint16_t port) {
    return registry_.listeners.entries().at(Loopback(port)).value;
  }

  Nanos now_ = seconds(100);
  runtime::Registry registry_{2};
  runtime::SnapshotBuilder builder_{registry_};
  ListenerBinder binder_{registry_};
  const std::uint16_t first_ = worker::FreePort();
  const std::uint16_t second_ = worker::FreePort();
};

TEST_F(ListenerBinderTest, OpensOneSocketPerWorkerOnce) {
  const auto events = Bind(ListenerText("a", first_));
  ASSERT_EQ(events.size(), 1u);
  EXPECT_EQ(events[0].name, "a");
  EXPECT_EQ(events[0].address, Loopback(first_));
  EXPECT_EQ(events[0].error, "");
  EXPECT_GT(events[0].receive_buffer, 0);
  const auto sockets = Record(first_).sockets;
  ASSERT_TRUE(sockets);
  EXPECT_EQ(sockets->fds.size(), 2u);
  EXPECT_EQ(sockets->family, AF_INET);
  EXPECT_EQ(binder_.next_retry(), std::nullopt);

  EXPECT_TRUE(Bind(ListenerText("a", first_)).empty());
  EXPECT_TRUE(Bind(ListenerText("renamed", first_)).empty());
  EXPECT_EQ(Record(first_).sockets, sockets) << "an unchanged address keeps its sockets";
}

TEST_F(ListenerBinderTest, HalfOfTheDescriptorsIsForClients) {
  rlimit before{};
  ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &before), 0);
  const rlimit few{600, before.rlim_max};
  constexpr int kListeners = 160;  // of two sockets each
  std::string listeners;
  for (int i = 0; i < kListeners; ++i)
    listeners += std::string(i == 0 ? "" : ",") + R"({ "name": "l)" + std::to_string(i) +
                 R"(", "address": "127.97.0.)" + std::to_string(i + 1) + R"(", "port": )" +
                 std::to_string(first_) + R"(, "defaultUpstream": "deny" })";
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &few), 0);
  const auto events = Bind(listeners);
  const auto pool = net::OpenPoolSocket(true);
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &before), 0);
  EXPECT_TRUE(pool) << pool.error().detail;
  ASSERT_EQ(events.size(), static_cast<std::size_t>(kListeners));
  for (std::size_t i = 0; i < events.size(); ++i)
    EXPECT_EQ(events[i].error.find("their 300 descriptors") != std::string::npos, i >= 150)
        << i << events[i].error;
}

TEST_F(ListenerBinderTest, AFailureHarmsNoOther) {
  UniqueFd holder = net::BoundSocket(Loopback(first_));
  const auto events = Bind(ListenerText("taken", first_) + "," + ListenerText("free", second_));
  ASSERT_EQ(events.size(), 2u);
  EXPECT_FALSE(events[0].error.empty());
  EXPECT_EQ(events[1].error, "");
  EXPECT_FALSE(Record(first_).sockets);
  EXPECT_EQ(Record(first_).bind_error, events[0].error);
  EXPECT_TRUE(Record(second_).sockets);
}

TEST_F(ListenerBinderTest, TriesAgainWithBackoffAndTellsOnce) {
  UniqueFd holder = net::BoundSocket(Loopback(first_));
  const std::string listeners = ListenerText("a", first_);
  EXPECT_EQ(Bind(listeners).size(), 1u);
  EXPECT_EQ(binder_.next_retry(), now_ + milliseconds(100));
  now_ += milliseconds(100);
  EXPECT_TRUE(Bind(listeners).empty()) << "the same failure is no news";
  EXPECT_EQ(binder_.next_retry(), now_ + milliseconds(200));
  holder.reset();
  now_ += milliseconds(199);
  EXPECT_TRUE(Bind(listeners).empty()) << "not its time";
  now_ += milliseconds(1);
  const auto events = Bind(listeners);
  ASSERT_EQ(events.size(), 1u);
  EXPECT_EQ(events[0].error, "");
  EXPECT_EQ(Record(first_).bind_error, "");
  EXPECT_EQ(binder_.next_retry(), std::nullopt);
}

TEST_F(ListenerBinderTest, NeverWaitsLongForAPortThatMayBeFreeAgain) {
  const UniqueFd holder = net::BoundSocket(Loopback(first_));
  const std::string listeners = ListenerText("a", first_);
  for (int i = 0; i < 20; ++i) {
    Bind(listeners);
    ASSERT_LE(*binder_.next_retry() - now_, seconds(5)) << i;
    now_ = *binder_.next_retry();
  }
}

TEST_F(ListenerBinderTest, ForgetsListenersThatAreGone) {
  const UniqueFd holder = net::BoundSocket(Loopback(first_));
  Bind(ListenerText("a", first_));
  EXPECT_TRUE(binder_.next_retry());
  Bind("");
  EXPECT_EQ(binder_.next_retry(), std::nullopt);
}

}  // namespace
}  // namespace stevedore::control
