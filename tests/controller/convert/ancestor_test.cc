#include "controller/convert/ancestor.h"

#include "tests/controller/convert/parsed.h"

namespace stevedore::convert {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

// `upload` without the braces; the listener is any IPv4 address, port 2614.
std::string File(const std::string& upload, const std::string& address = "0.0.0.0:2614") {
  return "// comment\n{\"Server\": {\"ListenAddr\": \"" + address +
         "\", \"MaxTryTimes\": 2}, \"Session\": {\"TimeoutSec\": 30}, \"Upload\": {" + upload +
         "}}";
}

std::string Upstream(const std::string& name, const std::string& more) {
  return R"({"Name": ")" + name + R"(", "Type": "rr")" + more + "}";
}

const std::string kPeers = R"(, "Peers": [{"IP": "10.0.0.1", "Port": 1, "Weight": 3},
                                          {"IP": "10.0.0.2", "Port": 1, "Backup": true}])";

class AncestorTest : public testing::Test {
 protected:
  void Read(const std::string& text, const std::string& file = "etc/Stevedore.config") {
    into_ = {};
    ReadAncestor({file, text}, "games", into_);
  }
  const Draft& Route() { return into_.routes.at(0); }

  Conversion into_;
};

TEST_F(AncestorTest, BecomesOneRouteWithStaticPeers) {
  Read(File(R"("DefaultUpstream": "a_b", "Upstreams": [)" + Upstream("a_b", kPeers) + R"(],
              "Routes": [{"KeyBytes": "0:1", "Operator": "==", "Value": "0x69", "Upstream": "a_b"},
                         {"KeyBytes": "0:1", "Operator": "==", "Value": "0x70",
                          "Upstream": "deny"}])"));
  ASSERT_EQ(into_.routes.size(), 1u) << testing::PrintToString(Lines(into_.errors));
  const api::RouteSpec& spec = Route().spec;
  EXPECT_EQ(Route().key, (kube::Key{"games", "stevedore"}));
  EXPECT_EQ(spec.listener.port, 2614);
  EXPECT_EQ(spec.listener.address, "");
  EXPECT_EQ(spec.listener.max_tries, 2);
  EXPECT_EQ(spec.session.idle_timeout_seconds, 30);
  EXPECT_EQ(spec.default_upstream, "a-b");
  ASSERT_EQ(spec.rules.size(), 2u);
  EXPECT_EQ(spec.rules[0].upstream, "a-b");
  EXPECT_EQ(spec.rules[1].upstream, "deny");
  ASSERT_EQ(spec.upstreams.size(), 1u);
  EXPECT_EQ(spec.upstreams[0].affinity, config::Affinity::kNone);
  EXPECT_EQ(spec.upstreams[0].primary.peers, (std::vector<config::Peer>{{"10.0.0.1", 1, 3}}));
  EXPECT_EQ(spec.upstreams[0].backup->peers, (std::vector<config::Peer>{{"10.0.0.2", 1}}));
  EXPECT_THAT(Lines(into_.notes), ElementsAre(HasSubstr("--static-peers 10.0.0.1,10.0.0.2 ")));
  EXPECT_THAT(Route().decisions, Contains(HasSubstr("Upstream \"a_b\" is called \"a-b\"")));
  EXPECT_THAT(Lines(into_.losses), IsEmpty());
}

TEST_F(AncestorTest, HashesAsBefore) {
  Read(File(R"("Upstreams": [{"Name": "c", "Type": "chash", "KeyBytes": "0:4", "HealthChecker":
               {"HeartbeatIntervalSec": 30, "HeartbeatTimeoutSec": 40, "FailedTimes": 4})" +
            kPeers + R"(}], "DefaultUpstream": "c")"));
  ASSERT_EQ(into_.routes.size(), 1u) << testing::PrintToString(Lines(into_.errors));
  const api::UpstreamSpec& upstream = Route().spec.upstreams[0];
  EXPECT_EQ(upstream.algorithm, config::Algorithm::kConsistentHash);
  EXPECT_EQ(upstream.hash_key, (config::HashKey{config::KeySource::kPayload, 0, 4}));
  EXPECT_FALSE(upstream.affinity);
  EXPECT_EQ(upstream.health_check->period_seconds, 30);
  EXPECT_EQ(upstream.health_check->timeout_seconds, 30);
  EXPECT_EQ(upstream.health_check->failure_threshold, 4);
  EXPECT_THAT(Lines(into_.losses),
              ElementsAre(HasSubstr("HealthChecker.HeartbeatTimeoutSec: 40: 40 is longer than")));
}

TEST_F(AncestorTest, TellsWhatIsIgnoredWithLineAndValue) {
  Read(
      "{\"Log\": {\"Level\": \"info\"},\n\"Server\": {\"ListenAddr\": \":1\",\n\"BatchSize\": "
      "32},\n"
      "\"Upload\": {\"DefaultUpstream\": \"a\", \"Upstreams\": [\n" +
      Upstream("a", ", \"KeyBytes\": \"0:4\"" + kPeers) + "]}}");
  EXPECT_THAT(Lines(into_.losses),
              ElementsAre(HasSubstr("line 1: Log: an object: ignored"),
                          HasSubstr("line 3: Server.BatchSize: 32: ignored"),
                          HasSubstr("line 5: Upload.Upstreams[0].KeyBytes: \"0:4\": ignored")));
}

TEST_F(AncestorTest, UpstreamsWithoutPeersHaveNoPlaceInARoute) {
  Read(File(R"("DefaultUpstream": "b", "Upstreams": [)" + Upstream("none", "") + "," +
            Upstream("b", R"(, "Peers": [{"IP": "10.0.0.2", "Port": 1, "Backup": true}])") +
            R"(], "Routes": [{"KeyBytes": "0:1", "Operator": "==", "Value": "0x69",
                              "Upstream": "none"}])"));
  ASSERT_EQ(into_.routes.size(), 1u) << testing::PrintToString(Lines(into_.errors));
  EXPECT_EQ(Route().spec.rules[0].upstream, "deny");
  ASSERT_EQ(Route().spec.upstreams.size(), 1u);
  EXPECT_EQ(Route().spec.upstreams[0].primary.peers.size(), 1u);
  EXPECT_FALSE(Route().spec.upstreams[0].backup);
  EXPECT_THAT(Lines(into_.losses), ElementsAre(HasSubstr("\"none\": an upstream without peers")));
}

TEST_F(AncestorTest, KeepsOneAddress) {
  Read(File(R"("DefaultUpstream": "a", "Upstreams": [)" + Upstream("a", kPeers) + "]",
            "192.0.2.7:5"));
  EXPECT_EQ(Route().spec.listener.address, "192.0.2.7");
}

TEST_F(AncestorTest, NamesErrorsWithTheirLine) {
  Read(
      "{\"Server\": {\"ListenAddr\": \"x\"},\n\"Upload\": {\"Routes\": [{\"KeyBytes\": \"0:1\", "
      "\"Operator\": \"=\", \"Value\": \"0x69\", \"Upstream\": \"deny\"}]}}");
  EXPECT_THAT(into_.routes, IsEmpty());
  EXPECT_THAT(Lines(into_.errors),
              Contains(HasSubstr("line 1: Server.ListenAddr: \"x\": must be")));
  EXPECT_THAT(Lines(into_.errors), Contains(HasSubstr("line 2: Upload.Routes[0].Operator: ")));
}

}  // namespace
}  // namespace stevedore::convert
