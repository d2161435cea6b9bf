#include "controller/api/conditions.h"

#include <gtest/gtest.h>

#include <set>

namespace stevedore::api {
namespace {

TEST(Conditions, NamesAreThoseOfTheApi) {
  EXPECT_EQ(ToString(ConditionType::kResolvedRefs), "ResolvedRefs");
  EXPECT_EQ(ToString(ConditionType::kPeersAvailable), "PeersAvailable");
  EXPECT_EQ(ToString(ConditionStatus::kUnknown), "Unknown");
  EXPECT_EQ(ToString(Reason::kServiceNotFound), "ServiceNotFound");
  EXPECT_EQ(ToString(Reason::kPortOwnedByOtherNamespace), "PortOwnedByOtherNamespace");
}

TEST(Conditions, EveryReasonHasItsOwnName) {
  std::set<std::string_view> names;
  for (int i = 0; i <= static_cast<int>(Reason::kAllProbesFailing); ++i) {
    const std::string_view name = ToString(static_cast<Reason>(i));
    EXPECT_FALSE(name.empty()) << i;
    EXPECT_TRUE(names.insert(name).second) << name;
  }
}

}  // namespace
}  // namespace stevedore::api
