#include "proxy/health/prober.h"

#include <gtest/gtest.h>

#include <condition_variable>
#include <ctime>

#include "tests/proxy/health/udp_peer.h"

namespace stevedore::health {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

// Changes as the owner of a prober collects them.
class Changes {
 public:
  void Add(const ProbeChange& change) {
    const std::lock_guard lock(mutex_);
    all_.push_back(change);
    more_.notify_all();
  }
  bool WaitFor(std::size_t count) {
    std::unique_lock lock(mutex_);
    return more_.wait_for(lock, seconds(10), [&] { return all_.size() >= count; });
  }
  ProbeChange at(std::size_t i) {
    const std::lock_guard lock(mutex_);
    return all_.at(i);
  }

 private:
  std::mutex mutex_;
  std::condition_variable more_;
  std::vector<ProbeChange> all_;
};

std::shared_ptr<const ProbeSpec> FastSpec() {
  ProbeSpec spec;
  spec.period = milliseconds(50);
  spec.timeout = milliseconds(20);
  spec.thresholds = {1, 2};
  spec.payload = {'x'};
  return std::make_shared<const ProbeSpec>(std::move(spec));
}

TEST(Prober, TellsThatAPeerWentAndCameBack) {
  auto peer = std::make_unique<UdpPeer>();
  const auto address = peer->address();
  Changes changes;
  auto prober = Prober::Start([&](const ProbeChange& change) { changes.Add(change); });
  ASSERT_TRUE(prober) << prober.error().detail;
  const auto health = std::make_shared<runtime::PeerHealth>();
  (*prober)->Update({{"up", address, FastSpec(), health}}, {});
  ASSERT_TRUE(peer->Receive());
  peer.reset();
  ASSERT_TRUE(changes.WaitFor(1));
  EXPECT_FALSE(changes.at(0).passing);
  EXPECT_EQ(changes.at(0).address, address);
  EXPECT_FALSE(health->passing);
  UdpPeer back(address.port);
  ASSERT_TRUE(back.open());
  ASSERT_TRUE(changes.WaitFor(2));
  EXPECT_TRUE(changes.at(1).passing);
  EXPECT_GE((*prober)->stats().Get().at("up").results[2], 2u);
}

TEST(Prober, StopsWithoutTargets) {
  auto prober = Prober::Start([](const ProbeChange&) {});
  ASSERT_TRUE(prober) << prober.error().detail;
  (*prober)->Update({}, {});
  EXPECT_TRUE((*prober)->stats().Get().empty());
}

}  // namespace
}  // namespace stevedore::health
