#include "controller/convert/names.h"

#include <gtest/gtest.h>

#include "controller/api/decode.h"

namespace stevedore::convert {
namespace {

TEST(Label, IsMadeOfAnyText) {
  EXPECT_EQ(Label("kube-dns"), "kube-dns");
  EXPECT_EQ(Label("Rr_Sample"), "rr-sample");
  EXPECT_EQ(Label("__a..b__"), "a-b");
  EXPECT_EQ(Label(""), "x");
  EXPECT_EQ(Label("\xc3\xa4"), "x");
  EXPECT_EQ(Label(std::string(62, 'a') + "-b"), std::string(62, 'a'));
  for (const char* text : {"1", "A b", "-", "x-"}) EXPECT_TRUE(api::IsLabel(Label(text))) << text;
}

TEST(UniqueLabel, NumbersWhatIsTaken) {
  std::set<std::string> taken;
  EXPECT_EQ(UniqueLabel("a_b", taken), "a-b");
  EXPECT_EQ(UniqueLabel("a.b", taken), "a-b-2");
  EXPECT_EQ(UniqueLabel("a-b", taken), "a-b-3");
  const std::string longest(63, 'x');
  EXPECT_EQ(UniqueLabel(longest, taken), longest);
  EXPECT_EQ(UniqueLabel(longest, taken), std::string(61, 'x') + "-2");
}

TEST(UpstreamLabel, IsNeverDeny) {
  EXPECT_EQ(UpstreamLabel("Deny"), "deny-1");
  EXPECT_EQ(UpstreamLabel("dns"), "dns");
}

TEST(Lower, LeavesOtherBytesAlone) { EXPECT_EQ(Lower("AzZ_9\xc3\x84"), "azz_9\xc3\x84"); }

}  // namespace
}  // namespace stevedore::convert
