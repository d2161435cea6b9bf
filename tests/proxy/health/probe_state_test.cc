#include "proxy/health/probe_state.h"

#include <gtest/gtest.h>

#include <string>

namespace stevedore::health {
namespace {

struct Case {
  const char* name;
  Thresholds thresholds;
  std::string attempts;  // '+' success, '-' failure
  std::string passing;   // after each attempt: 'P' or 'F'
};

TEST(ProbeState, FollowsAttemptsWithHysteresis) {
  const Case cases[] = {
      {"starts passing", {1, 3}, "+", "P"},
      {"third failure in a row", {1, 3}, "---", "PPF"},
      {"a success between begins anew", {1, 3}, "--+---", "PPPPPF"},
      {"one success brings it back", {1, 3}, "---+", "PPFP"},
      {"two successes needed", {2, 1}, "-+-++", "FFFFP"},
      {"at once both ways", {1, 1}, "-+-+", "FPFP"},
  };
  for (const Case& c : cases) {
    ProbeState state;
    std::string seen;
    bool before = true;
    for (const char attempt : c.attempts) {
      const bool changed = state.Record(attempt == '+', c.thresholds);
      EXPECT_EQ(changed, state.passing() != before) << c.name;
      before = state.passing();
      seen.push_back(state.passing() ? 'P' : 'F');
    }
    EXPECT_EQ(seen, c.passing) << c.name;
  }
}

TEST(ProbeState, LoweredThresholdHoldsFromTheNextAttempt) {
  ProbeState state;
  EXPECT_FALSE(state.Record(false, {1, 5}));
  EXPECT_FALSE(state.Record(false, {1, 5}));
  EXPECT_TRUE(state.Record(false, {1, 2}));
  EXPECT_FALSE(state.passing());
}

TEST(ProbeState, MayStartFailing) {
  ProbeState state(false);
  EXPECT_FALSE(state.Record(true, {2, 1}));
  EXPECT_TRUE(state.Record(true, {2, 1}));
  EXPECT_TRUE(state.passing());
}

}  // namespace
}  // namespace stevedore::health
