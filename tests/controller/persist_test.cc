#include "controller/persist.h"

#include <gtest/gtest.h>

#include <vector>

namespace stevedore {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

class PersistTest : public testing::Test {
 protected:
  // Runs with a limit of 60 s and steps that fail with `codes`, the last of them for ever.
  Result<> Run(std::vector<Errc> codes) {
    std::size_t at = 0;
    return Persist(
        [&]() -> Result<> {
          ++steps_;
          if (codes.empty()) return Ok();
          const Errc code = codes[std::min(at++, codes.size() - 1)];
          if (at > codes.size() && ends_well_) return Ok();
          return Error{code, "step " + std::to_string(steps_)};
        },
        clock_, seconds(60),
        [this](Nanos time) {
          waits_.push_back(std::chrono::duration_cast<milliseconds>(time));
          clock_.Advance(time);
          return waits_.size() < most_waits_;
        });
  }

  ManualClock clock_;
  int steps_ = 0;
  bool ends_well_ = true;
  std::size_t most_waits_ = SIZE_MAX;
  std::vector<milliseconds> waits_;
};

TEST_F(PersistTest, OneStepWillDo) {
  EXPECT_TRUE(Run({}));
  EXPECT_EQ(steps_, 1);
  EXPECT_TRUE(waits_.empty());
}

TEST_F(PersistTest, TriesAgainWhatMayComeRight) {
  EXPECT_TRUE(Run({Errc::kUnavailable, Errc::kConflict, Errc::kDenied, Errc::kUnavailable,
                   Errc::kUnavailable, Errc::kUnavailable}));
  const std::vector<milliseconds> waits = {milliseconds(200),  milliseconds(400),
                                           milliseconds(800),  milliseconds(1600),
                                           milliseconds(2000), milliseconds(2000)};
  EXPECT_EQ(waits_, waits);
}

TEST_F(PersistTest, EndsAtOnceWhereNothingHelps) {
  for (const Errc code : {Errc::kInvalid, Errc::kNotFound, Errc::kInternal}) {
    steps_ = 0;
    const auto done = Run({code});
    ASSERT_FALSE(done);
    EXPECT_EQ(done.error().code, code);
    EXPECT_EQ(done.error().detail, "step 1");
  }
  EXPECT_TRUE(waits_.empty());
}

TEST_F(PersistTest, EndsAfterTheLimit) {
  ends_well_ = false;
  const Nanos began = clock_.Now();
  const auto done = Run({Errc::kUnavailable});
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().code, Errc::kUnavailable);
  EXPECT_LE(clock_.Now() - began, seconds(60));
  EXPECT_GT(clock_.Now() - began, seconds(57));
  EXPECT_EQ(done.error().detail, "step " + std::to_string(steps_) + " (tried for 59 s)");
}

TEST_F(PersistTest, RightsGetFiveSeconds) {
  ends_well_ = false;
  const Nanos began = clock_.Now();
  const auto done = Run({Errc::kDenied});
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().code, Errc::kDenied);
  EXPECT_LE(clock_.Now() - began, seconds(5));
  EXPECT_EQ(waits_.size(), 5u) << "0.2, 0.4, 0.8, 1.6 and 2 s";
}

TEST_F(PersistTest, EndsWhenToldTo) {
  ends_well_ = false;
  most_waits_ = 2;
  const auto done = Run({Errc::kUnavailable});
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().detail, "step 2 (told to end)");
}

}  // namespace
}  // namespace stevedore
