#include "proxy/health/probe_engine.h"

#include <gtest/gtest.h>

#include <array>
#include <memory>
#include <vector>

#include "tests/proxy/health/udp_peer.h"

namespace stevedore::health {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

class ProbeEngineTest : public testing::Test {
 protected:
  ProbeEngineTest() : loop_(*net::EventLoop::Create()) {}

  static ProbeSpec Spec(bool wants_reply, Thresholds thresholds = {1, 1}) {
    ProbeSpec spec;
    spec.thresholds = thresholds;
    spec.payload = {'p', 'i', 'n', 'g'};
    spec.wants_reply = wants_reply;
    return spec;
  }
  ProbeTarget Target(const config::SocketAddress& address, ProbeSpec spec) {
    return {"up", address, std::make_shared<const ProbeSpec>(std::move(spec)), health_};
  }
  void Apply(ProbeTarget target) { engine_.Apply({std::move(target)}, {}, clock_.Now()); }
  // Moves the clock to the next timer.
  void TickNext() {
    ASSERT_TRUE(engine_.Next());
    if (*engine_.Next() > clock_.Now()) clock_.Advance(*engine_.Next() - clock_.Now());
    engine_.Tick(clock_.Now());
  }
  // Hands what arrives within two seconds to the engine.
  void Deliver() {
    const auto events = loop_.Wait(milliseconds(2000));
    ASSERT_FALSE(events.empty());
    for (const auto& event : events) engine_.OnReadable(event, clock_.Now());
  }
  std::array<std::uint64_t, 4> Results() { return stats_.Get()["up"].results; }

  ManualClock clock_;
  net::EventLoop loop_;
  ProbeStats stats_;
  std::vector<ProbeChange> changes_;
  ProbeEngine engine_{loop_, stats_, [this](const ProbeChange& c) { changes_.push_back(c); }};
  std::shared_ptr<runtime::PeerHealth> health_ = std::make_shared<runtime::PeerHealth>();
};

using Counts = std::array<std::uint64_t, 4>;  // ok, timeout, refused, error

TEST_F(ProbeEngineTest, ReplyIsSuccessAndSilenceIsFailure) {
  UdpPeer peer;
  Apply(Target(peer.address(), Spec(true)));
  TickNext();
  EXPECT_EQ(peer.Receive(), "ping");
  ASSERT_TRUE(peer.Reply("pong"));
  clock_.Advance(milliseconds(3));
  Deliver();
  EXPECT_EQ(Results(), (Counts{1, 0, 0, 0}));
  EXPECT_EQ(Nanos(health_->reply_nanos.load()), milliseconds(3));
  TickNext();  // next attempt
  const auto first_client = peer.client();
  EXPECT_EQ(peer.Receive(), "ping");
  EXPECT_EQ(peer.client(), first_client) << "a peer sees one client";
  TickNext();  // timeout
  EXPECT_EQ(Results(), (Counts{1, 1, 0, 0}));
  EXPECT_FALSE(health_->passing);
  ASSERT_EQ(changes_.size(), 1u);
  EXPECT_FALSE(changes_[0].passing);
  EXPECT_EQ(changes_[0].upstream, "up");
}

TEST_F(ProbeEngineTest, LateReplyIsNotTheNextAttempts) {
  UdpPeer peer;
  Apply(Target(peer.address(), Spec(true, {1, 5})));
  TickNext();
  ASSERT_TRUE(peer.Receive());
  TickNext();
  ASSERT_TRUE(peer.Reply("too late") && peer.Reply("later still"));
  TickNext();
  ASSERT_TRUE(peer.Receive());
  TickNext();
  EXPECT_EQ(loop_.Wait(milliseconds(0)).size(), 0u) << "the late replies were taken";
  EXPECT_EQ(Results(), (Counts{0, 2, 0, 0}));
}

TEST_F(ProbeEngineTest, ReplyMustHoldTheExpectedBytes) {
  UdpPeer peer;
  ProbeSpec spec = Spec(true);
  const config::Rule rule{"", {{0, 2, config::Operator::kEqual, "0x6f6b"}}, ""};
  spec.any_reply_counts = false;
  spec.expected = runtime::RuleMatcher(std::span(&rule, 1));
  Apply(Target(peer.address(), std::move(spec)));
  TickNext();
  ASSERT_TRUE(peer.Receive());
  ASSERT_TRUE(peer.Reply("no") && peer.Reply("o"));
  Deliver();
  EXPECT_EQ(Results(), (Counts{0, 0, 0, 0})) << "a wrong reply leaves time for the right one";
  ASSERT_TRUE(peer.Reply("ok, here"));
  Deliver();
  EXPECT_EQ(Results(), (Counts{1, 0, 0, 0}));
}

TEST_F(ProbeEngineTest, SilenceIsSuccessWithNoError) {
  UdpPeer peer;
  Apply(Target(peer.address(), Spec(false)));
  TickNext();
  EXPECT_EQ(Results(), (Counts{0, 0, 0, 0}));
  TickNext();
  EXPECT_EQ(Results(), (Counts{1, 0, 0, 0}));
  EXPECT_TRUE(health_->passing);
  EXPECT_EQ(health_->reply_nanos.load(), 0) << "nobody was asked";
  EXPECT_TRUE(changes_.empty());
}

TEST_F(ProbeEngineTest, UnreachableFailsAtOnceAndThePeerComesBack) {
  auto gone = std::make_unique<UdpPeer>();
  const auto address = gone->address();
  gone.reset();
  Apply(Target(address, Spec(false)));
  TickNext();
  Deliver();
  EXPECT_EQ(Results(), (Counts{0, 0, 1, 0}));
  EXPECT_FALSE(health_->passing);
  UdpPeer back(address.port);
  ASSERT_TRUE(back.open());
  TickNext();
  EXPECT_EQ(back.Receive(), "ping");
  TickNext();
  EXPECT_TRUE(health_->passing);
  ASSERT_EQ(changes_.size(), 2u);
  EXPECT_TRUE(changes_[1].passing);
}

TEST_F(ProbeEngineTest, OneReportOfTheDataPathFailsOneAttempt) {
  UdpPeer peer;
  Apply(Target(peer.address(), Spec(false)));
  TickNext();
  health_->unreachable_at = clock_.Now().count() + 1;
  TickNext();  // the timeout of the attempt
  EXPECT_EQ(Results(), (Counts{0, 0, 1, 0}));
  TickNext();
  TickNext();
  EXPECT_EQ(Results(), (Counts{1, 0, 1, 0}));
  health_->unreachable_at = clock_.Now().count() + 2;
  TickNext();  // the start of the next one
  EXPECT_EQ(Results(), (Counts{1, 0, 2, 0}));
}

TEST_F(ProbeEngineTest, ALostHostFailsTheAttemptsOfFourSeconds) {
  UdpPeer peer;
  ProbeSpec spec = Spec(false, {1, 3});
  spec.period = spec.timeout = seconds(1);
  Apply(Target(peer.address(), std::move(spec)));
  TickNext();
  health_->host_unreachable_at = clock_.Now().count() + 1;
  while (Results()[2] < 3) ASSERT_NO_FATAL_FAILURE(TickNext());
  EXPECT_FALSE(health_->passing) << "though the kernel says so only once in three seconds";
  while (Results()[0] == 0) ASSERT_NO_FATAL_FAILURE(TickNext());
  EXPECT_TRUE(health_->passing);
  EXPECT_LE(Results()[2], 5u);
}

TEST_F(ProbeEngineTest, ApplyKeepsTheStateOfUnchangedTargets) {
  UdpPeer peer;
  Apply(Target(peer.address(), Spec(true, {1, 2})));
  TickNext();
  TickNext();
  EXPECT_TRUE(health_->passing) << "one of two";
  const auto next = engine_.Next();
  Apply(Target(peer.address(), Spec(true, {1, 2})));
  EXPECT_EQ(engine_.Next(), next);
  TickNext();
  TickNext();
  EXPECT_FALSE(health_->passing);
}

TEST_F(ProbeEngineTest, WhoIsNoLongerProbedPasses) {
  UdpPeer peer;
  Apply(Target(peer.address(), Spec(true)));
  TickNext();
  TickNext();
  ASSERT_FALSE(health_->passing);
  engine_.Apply({}, {}, clock_.Now());
  EXPECT_TRUE(health_->passing);
  EXPECT_EQ(engine_.size(), 0u);
  EXPECT_EQ(engine_.Next(), std::nullopt);
}

TEST_F(ProbeEngineTest, GivesUpAPortThatAListenerWants) {
  UdpPeer peer;
  Apply(Target(peer.address(), Spec(false)));
  TickNext();
  ASSERT_TRUE(peer.Receive());
  const std::uint16_t held = peer.client().port;
  Ports avoid;
  avoid.set(held);
  engine_.Apply({Target(peer.address(), Spec(false))}, avoid, clock_.Now());
  TickNext();
  TickNext();
  ASSERT_TRUE(peer.Receive());
  EXPECT_NE(peer.client().port, held);
}

TEST_F(ProbeEngineTest, AttemptsKeepTheirPeriodAndMakeNothingUpAfterAPause) {
  UdpPeer peer;
  Apply(Target(peer.address(), Spec(false)));
  TickNext();
  TickNext();
  const Nanos next = *engine_.Next();
  clock_.Advance(seconds(100));
  engine_.Tick(clock_.Now());
  engine_.Tick(clock_.Now());
  TickNext();
  EXPECT_GT(*engine_.Next(), next + seconds(99));
  EXPECT_EQ(Results()[0], 2u);
}

}  // namespace
}  // namespace stevedore::health
