#include "controller/api/replica_report.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace stevedore::api {
namespace {

ReplicaReport Sample() {
  ReplicaReport report;
  report.node = "node-1";
  report.proxy = ProxyState::kRejected;
  report.refusal = "listeners[0].port: 0";
  report.digest = "sha256:a";
  report.routes = "sha256:b";
  report.picture = "sha256:c";
  report.refused = {"game/bad"};
  report.unbound = {{"game/2614", "bind [::]:2614: Address already in use"}};
  report.upstreams["game/kcp/a"] = {"game/kcp/a", 3, 0, 2, 0, 0, false};
  report.upstreams["game/kcp/b"] = {"game/kcp/b", 1, 0, 1, 0, 0, true};
  return report;
}

TEST(ReplicaReport, SurvivesTheWay) {
  const auto read = DecodeReport(EncodeReport(Sample()));
  ASSERT_TRUE(read);
  EXPECT_EQ(*read, Sample());
}

TEST(ReplicaReport, HasAnEntryOnlyForWhatFails) {
  ReplicaReport report;
  report.upstreams["fine"] = {"fine", 3, 3, 3, 0, 3, false};
  const auto json = nlohmann::json::parse(EncodeReport(report));
  EXPECT_FALSE(json.contains("upstreams")) << json;
  EXPECT_FALSE(json.contains("unbound")) << json;
  EXPECT_FALSE(json.contains("refusal")) << json;
  EXPECT_EQ(json["proxy"], "pending");
}

TEST(ReplicaReport, IsCutWhereItGetsTooLongAndSaysSo) {
  ReplicaReport report = Sample();
  for (int i = 0; i < 2000; ++i) {
    report.unbound["game/" + std::to_string(10000 + i)] = "bind: Permission denied";
    report.upstreams["u" + std::to_string(10000 + i)] = {"", 2, 2, 1, 0, 1, false};
  }
  report.refusal = std::string(50000, 'x');
  const std::string text = EncodeReport(report);
  EXPECT_LE(text.size(), kMaxReportBytes);
  EXPECT_GT(text.size(), kMaxReportBytes - 250) << "as much as fits";
  const auto read = DecodeReport(text);
  ASSERT_TRUE(read);
  EXPECT_EQ(read->unbound.size() + static_cast<std::size_t>(read->listeners_cut), 2001u);
  EXPECT_GT(read->unbound.size(), 400u);
  EXPECT_EQ(read->upstreams_cut, 2002) << "listeners go first";
  EXPECT_EQ(read->refused_cut, 1);
  EXPECT_EQ(read->refusal.size(), 1024u);
}

TEST(ReplicaReport, CutsTextsBetweenCharacters) {
  ReplicaReport report;
  report.refusal = std::string(1023, 'x') + "\xc3\xa9";
  report.unbound["l"] = "bad \xff byte";
  const auto read = DecodeReport(EncodeReport(report));
  ASSERT_TRUE(read);
  EXPECT_EQ(read->refusal, std::string(1023, 'x'));
}

TEST(ReplicaReport, ReadsWhatItCanOfOthers) {
  const auto newer =
      DecodeReport(R"({"version":1,"proxy":"dancing","news":[1],"unbound":[1,{"name":"l"}],
                       "upstreams":[{"name":"u","total":-1,"healthy":"x"}],"unboundCut":"y"})");
  ASSERT_TRUE(newer);
  EXPECT_EQ(newer->proxy, ProxyState::kPending);
  EXPECT_EQ(newer->unbound, (std::map<std::string, std::string>{{"l", ""}}));
  EXPECT_EQ(newer->upstreams.at("u").total, 0);
  EXPECT_EQ(newer->listeners_cut, 0);
  for (const char* const wrong : {"", "x", "[]", "{}", R"({"version":2})"})
    EXPECT_FALSE(DecodeReport(wrong)) << wrong;
}

TEST(ReplicaReport, NamesItsStates) {
  for (const auto state : {ProxyState::kRuns, ProxyState::kPending, ProxyState::kUnwritten,
                           ProxyState::kLate, ProxyState::kRejected, ProxyState::kSilent}) {
    ReplicaReport report;
    report.proxy = state;
    EXPECT_EQ(DecodeReport(EncodeReport(report))->proxy, state) << ToString(state);
  }
}

}  // namespace
}  // namespace stevedore::api
