// Replicas of LeaderElection against a server in a random world: slow answers, requests that are
// lost on the way there or back, processes that stand still.
#include <gtest/gtest.h>

#include <array>
#include <memory>
#include <optional>
#include <random>

#include "controller/publish/leader_election.h"

namespace stevedore::publish {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr Nanos kTick = milliseconds(50);
constexpr Nanos kTimeout = seconds(5);

struct Server {
  std::optional<api::Lease> lease;
  int version = 0;

  Result<api::Lease> Get() const {
    if (!lease) return Error{Errc::kNotFound, ""};
    return *lease;
  }
  Result<api::Lease> Write(api::Lease wanted) {
    if ((lease ? lease->resource_version : "") != wanted.resource_version)
      return Error{Errc::kConflict, ""};
    wanted.resource_version = std::to_string(++version);
    lease = wanted;
    return wanted;
  }
};

struct World {
  double lost = 0;    // of the requests; half of them after they were done
  Nanos slowest{0};   // way there and way back
  double pauses = 0;  // per tick
  Nanos longest_pause{0};
};

class Replica {
 public:
  Replica(const std::string& name, Server& server, const World& world, std::mt19937& random)
      : server_(server), world_(world), random_(random), election_({"edge", "leader"}, name) {}

  void Tick(Nanos now) {
    if (dead || now < paused_until_) return;
    if (Chance(world_.pauses)) paused_until_ = now + Upto(world_.longest_pause);
    if (!asked_ && now >= next_) Ask(now);
    if (asked_ && !done_ && now >= arrives_) Arrive(now);
    if (asked_ && now >= answers_) Answer(now);
  }
  // What the server gets does not depend on whether its sender still stands.
  void TickNetwork(Nanos now) {
    if (asked_ && !done_ && now >= arrives_) Arrive(now);
  }
  bool MayWrite(Nanos now) const {
    return !dead && now >= paused_until_ && election_.MayWrite(now);
  }
  bool dead = false;

 private:
  bool Chance(double of) { return std::uniform_real_distribution<double>(0, 1)(random_) < of; }
  Nanos Upto(Nanos most) {
    return Nanos(std::uniform_int_distribution<Nanos::rep>(0, most.count())(random_));
  }
  void Ask(Nanos now) {
    const bool read = election_.needs_read() && !read_;
    read_ = read;
    wanted_.reset();
    if (!read) {
      wanted_ = election_.Wanted(now, std::to_string(now.count()));
      if (!wanted_) return Rest(now);
    }
    asked_ = true;
    done_ = Chance(world_.lost / 2);  // on the way there
    sent_ = now;
    arrives_ = now + Upto(world_.slowest);
    answers_ = arrives_ + Upto(world_.slowest);
    answer_ = Error{Errc::kUnavailable, ""};
    if (done_ || Chance(world_.lost / 2) || answers_ > now + kTimeout) {
      answers_ = now + kTimeout;
      unheard_ = true;
    }
  }
  void Arrive(Nanos) {
    done_ = true;
    const auto answer = wanted_ ? server_.Write(*wanted_) : server_.Get();
    if (!unheard_) answer_ = answer;
  }
  void Answer(Nanos now) {
    asked_ = false;
    unheard_ = false;
    if (wanted_) {
      election_.Wrote(answer_, sent_, now);
      read_ = false;
      return Rest(now);
    }
    election_.Read(answer_, now);
    if (!answer_ && answer_.error().code != Errc::kNotFound) Rest(now);
  }
  void Rest(Nanos now) {
    read_ = false;
    next_ = now + election_.Delay(now, std::uniform_real_distribution<double>(0, 1)(random_));
  }

  Server& server_;
  const World& world_;
  std::mt19937& random_;
  LeaderElection election_;
  Nanos next_{0}, sent_{0}, arrives_{0}, answers_{0}, paused_until_{0};
  bool asked_ = false, done_ = false, unheard_ = false, read_ = false;
  std::optional<api::Lease> wanted_;
  Result<api::Lease> answer_ = Error{};
};

class LeaderElectionModelTest : public testing::Test {
 protected:
  void Build(const World& world, unsigned seed) {
    random_.seed(seed);
    server_ = {};
    world_ = world;
    replicas_.clear();
    for (const char* name : {"a", "b", "c"})
      replicas_.push_back(std::make_unique<Replica>(name, server_, world_, random_));
    now_ = seconds(100);
  }
  // The replica that may write after this tick; null: none.
  Replica* Tick() {
    now_ += kTick;
    Replica* writer = nullptr;
    for (const auto& replica : replicas_) {
      replica->Tick(now_);
      replica->TickNetwork(now_);
    }
    for (const auto& replica : replicas_) {
      if (!replica->MayWrite(now_)) continue;
      EXPECT_EQ(writer, nullptr) << "two may write";
      writer = replica.get();
    }
    return writer;
  }

  std::mt19937 random_;
  Server server_;
  World world_;
  std::vector<std::unique_ptr<Replica>> replicas_;
  Nanos now_{0};
};

TEST_F(LeaderElectionModelTest, NeverLetsTwoWrite) {
  const std::array<World, 4> worlds = {World{}, World{0.1, seconds(1), 0, {}},
                                       World{0, milliseconds(500), 0.01, seconds(40)},
                                       World{0.5, seconds(4), 0.005, seconds(20)}};
  for (const World& world : worlds) {
    int wrote = 0;
    for (unsigned seed = 0; seed < 60 && !HasFailure(); ++seed) {
      Build(world, seed);
      for (int tick = 0; tick < 4000 && !HasFailure(); ++tick) wrote += Tick() != nullptr;
      ASSERT_FALSE(HasFailure()) << "seed " << seed;
    }
    EXPECT_GT(wrote, 60 * 4000 / 50) << "and lets one as well as it can";
  }
}

TEST_F(LeaderElectionModelTest, HandsOverWithin20Seconds) {
  for (unsigned seed = 0; seed < 200; ++seed) {
    Build({0, milliseconds(200), 0, {}}, seed);
    Replica* writer = nullptr;
    const Nanos dies = now_ + seconds(20) + milliseconds(seed * 10);
    while (now_ < dies) writer = Tick();
    ASSERT_NE(writer, nullptr) << "seed " << seed;
    writer->dead = true;
    while (now_ < dies + seconds(30) && Tick() == nullptr) continue;
    EXPECT_LE(now_ - dies, seconds(20)) << "seed " << seed;
    EXPECT_GE(now_ - dies, seconds(12)) << "seed " << seed;
  }
}

}  // namespace
}  // namespace stevedore::publish
