#include "proxy/report/traffic_book.h"

#include <gtest/gtest.h>
#include <sys/socket.h>

#include "proxy/runtime/snapshot_builder.h"
#include "tests/proxy/report/sample.h"
#include "tests/proxy/worker/rig.h"

namespace stevedore::report {
namespace {

using config::IpAddress;
using config::SocketAddress;
using runtime::DownDrop;
using runtime::ListenerCounters;
using runtime::UpDrop;

class TrafficBookTest : public testing::Test {
 protected:
  // Puts a config with these listeners in force; the generation.
  std::uint64_t Load(const std::string& listeners) {
    const config::ValidConfig config = Valid(ConfigText(listeners));
    builder_.Register({config, {}, Nanos{0}});
    Bind();
    const auto snapshot = builder_.Build({config, {}, Nanos{0}});
    book_.SetSnapshot(snapshot);
    return snapshot->generation;
  }
  // With the smallest buffers.
  void Bind() {
    for (const auto& [address, entry] : registry_.listeners.entries()) {
      if (!bound_ || entry.value.sockets) continue;
      auto group = net::OpenListenerGroup(address, registry_.workers);
      ASSERT_TRUE(group);
      const int size = 1;
      for (const UniqueFd& fd : *group)
        ::setsockopt(fd.get(), SOL_SOCKET, SO_RCVBUF, &size, sizeof size);
      registry_.listeners.Get(address, [] { return runtime::ListenerRecord{}; }).value.sockets =
          std::make_shared<runtime::ListenerSockets>(
              runtime::ListenerSockets{std::move(*group), AF_INET});
    }
  }
  ListenerCounters& Counters(unsigned worker) {
    const SocketAddress address{IpAddress::V4(0x7f000001), port_};
    return registry_.listeners.entries().at(address).value.stats->of(worker);
  }
  ListenerTotals Of(const std::string& name) { return book_.Totals().at(name); }
  std::uint64_t Received(const std::string& name) { return Of(name).datagrams[0]; }
  std::uint64_t AllKernelDrops() {
    std::uint64_t sum = 0;
    for (const auto& [name, totals] : book_.Totals()) sum += totals.kernel_drops;
    return sum;
  }
  // Floods the one socket of the listener that has this client. Nobody reads it.
  void Flood() {
    for (int i = 0; i < 100; ++i)
      net::SendTo(client_.get(), {IpAddress::V4(0x7f000001), port_}, std::string(1000, 'x'));
  }

  runtime::Registry registry_{2};
  runtime::SnapshotBuilder builder_{registry_};
  TrafficBook book_;
  const std::uint16_t port_ = worker::FreePort();
  const UniqueFd client_ = net::BoundSocket({IpAddress::V4(0x7f000001), 0});
  bool bound_ = false;
};

TEST_F(TrafficBookTest, IsEmptyBeforeTheFirstSnapshot) {
  EXPECT_TRUE(book_.Totals().empty());
  EXPECT_EQ(book_.snapshot(), nullptr);
  book_.ReadKernelDrops();
  book_.Settle(0);
}

TEST_F(TrafficBookTest, SumsOverWorkers) {
  Load(ListenerText("a", port_));
  for (unsigned worker = 0; worker < 2; ++worker) {
    ListenerCounters& counters = Counters(worker);
    counters.client_in.Add(10);
    counters.client_in.Add(20);
    counters.upstream_out.Add(10);
    counters.upstream_in.Add(7);
    counters.client_out.Add(3);
    counters.Drop(UpDrop::kDenied);
    counters.Drop(DownDrop::kTruncated);
    counters.sessions_created.Add(3);
    counters.sessions_ended[1].Add(1);
  }
  const ListenerTotals totals = Of("a");
  EXPECT_EQ(totals.datagrams, (std::array<std::uint64_t, 4>{4, 2, 2, 2}));
  EXPECT_EQ(totals.bytes, (std::array<std::uint64_t, 4>{60, 20, 14, 6}));
  EXPECT_EQ(totals.up_drops[static_cast<std::size_t>(UpDrop::kDenied)], 2u);
  EXPECT_EQ(totals.down_drops[static_cast<std::size_t>(DownDrop::kTruncated)], 2u);
  EXPECT_EQ(totals.sessions_created, 6u);
  EXPECT_EQ(totals.sessions_ended, (std::array<std::uint64_t, 3>{0, 2, 0}));
  EXPECT_EQ(totals.sessions, 4);
}

TEST_F(TrafficBookTest, WhatBelongsToNoListenerIsNameless) {
  Load(ListenerText("a", port_));
  registry_.nowhere->of(1).upstream_in.Add(5);
  registry_.nowhere->of(1).Drop(DownDrop::kUnknownReply);
  EXPECT_EQ(Of("").datagrams[2], 1u);
  EXPECT_EQ(Of("").down_drops[0], 1u);
  EXPECT_EQ(Of("a").datagrams[2], 0u);
}

TEST_F(TrafficBookTest, ARemovedListenerFoldsOnce) {
  Load(ListenerText("a", port_));
  ListenerCounters& counters = Counters(0);
  const auto stats = book_.snapshot()->listeners[0].stats;
  counters.client_in.Add(1);
  const std::uint64_t gone = Load("");
  EXPECT_EQ(book_.Totals().count("a"), 0u) << "its series goes at once";
  EXPECT_EQ(Received(""), 1u);
  counters.client_in.Add(1);  // a worker that has not seen the new snapshot
  EXPECT_EQ(Received(""), 2u);
  book_.Settle(gone - 1);
  counters.client_in.Add(1);
  EXPECT_EQ(Received(""), 3u) << "still read";
  book_.Settle(gone);
  EXPECT_EQ(Received(""), 3u) << "now it is a sum";
  EXPECT_EQ(stats.use_count(), 1) << "and the counters are let go";
  book_.Settle(gone + 1);
  Load("");
  book_.Settle(gone + 2);
  EXPECT_EQ(Received(""), 3u);
}

TEST_F(TrafficBookTest, AListenerThatComesBackBeginsAtNothing) {
  Load(ListenerText("a", port_));
  Counters(0).client_in.Add(1);
  Load("");
  const std::uint64_t back = Load(ListenerText("a", port_));
  EXPECT_EQ(Received("a"), 0u);
  EXPECT_EQ(Received(""), 1u);
  Counters(0).client_in.Add(1);
  book_.Settle(back);
  EXPECT_EQ(Received("a"), 1u);
  EXPECT_EQ(Received(""), 1u);
}

TEST_F(TrafficBookTest, ARenamedListenerFoldsOnceAndKeepsItsSessions) {
  bound_ = true;
  Load(ListenerText("a", port_));
  Counters(0).client_in.Add(1);
  Counters(0).sessions_created.Add(5);
  std::uint64_t generation = Load(ListenerText("b", port_));
  for (const char* when : {"at once", "settled"}) {
    SCOPED_TRACE(when);
    EXPECT_EQ(Received(""), 1u);
    EXPECT_EQ(Received("b"), 0u);
    EXPECT_EQ(Of("").sessions_created, 5u);
    EXPECT_EQ(Of("").sessions, 0);
    EXPECT_EQ(Of("b").sessions, 5);
    book_.Settle(generation);
  }
  Counters(0).sessions_ended[0].Add(2);
  Counters(0).sessions_created.Add(1);
  EXPECT_EQ(Of("b").sessions, 4);
  generation = Load(ListenerText("c", port_));
  book_.Settle(generation);
  EXPECT_EQ(Of("c").sessions, 4);
  EXPECT_EQ(Of("").sessions, 0);
  EXPECT_EQ(Received(""), 1u);
}

TEST_F(TrafficBookTest, KernelDropsSurviveClosing) {
  bound_ = true;
  Load(ListenerText("a", port_));
  Flood();
  EXPECT_EQ(Of("a").kernel_drops, 0u) << "not read yet";
  book_.ReadKernelDrops();
  const std::uint64_t first = Of("a").kernel_drops;
  EXPECT_GT(first, 0u);
  book_.ReadKernelDrops();
  EXPECT_EQ(Of("a").kernel_drops, first) << "counted once";
  Flood();
  const std::uint64_t gone = Load("");  // read before they close
  EXPECT_EQ(Of("").kernel_drops, first + 100);
  book_.Settle(gone);
  book_.ReadKernelDrops();
  EXPECT_EQ(Of("").kernel_drops, first + 100);
}

TEST_F(TrafficBookTest, KernelDropsOfARenamedListenerCountOnce) {
  bound_ = true;
  Load(ListenerText("a", port_));
  Flood();
  book_.ReadKernelDrops();
  const std::uint64_t before = AllKernelDrops();
  const std::uint64_t renamed = Load(ListenerText("b", port_));
  book_.ReadKernelDrops();
  EXPECT_EQ(AllKernelDrops(), before);
  Flood();
  book_.ReadKernelDrops();
  EXPECT_EQ(Of("b").kernel_drops, 100u);
  EXPECT_EQ(Of("").kernel_drops, before);
  book_.Settle(renamed);
  book_.ReadKernelDrops();
  EXPECT_EQ(AllKernelDrops(), before + 100);
}

}  // namespace
}  // namespace stevedore::report
