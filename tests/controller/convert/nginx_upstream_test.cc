#include "controller/convert/nginx_upstream.h"

#include "tests/controller/convert/parsed.h"

namespace stevedore::convert {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;

class NginxUpstream : public testing::Test {
 protected:
  api::UpstreamSpec Read(const std::string& more,
                         NginxSessions sessions = NginxSessions::kPerClient) {
    into_ = {};
    Reader reader = ReaderOf("{name: App, service: app, port: 53" + more + "}", into_);
    return ReadNginxUpstream(reader, sessions, {"plain"}, decisions_);
  }

  Conversion into_;
  std::vector<std::string> decisions_;
};

TEST_F(NginxUpstream, NamesItsService) {
  const api::UpstreamSpec spec = Read(", loadBalancingMethod: round_robin, maxFails: 0");
  EXPECT_EQ(spec.name, "app");
  EXPECT_EQ(spec.primary.service, (api::ServiceRef{"app", 53}));
  EXPECT_EQ(spec.algorithm, config::Algorithm::kRoundRobin);
  EXPECT_FALSE(spec.affinity);
  EXPECT_THAT(into_.losses, IsEmpty());
  EXPECT_EQ(Read("", NginxSessions::kPerDatagram).affinity, config::Affinity::kNone);
}

TEST_F(NginxUpstream, HashesTheClient) {
  using config::KeySource;
  const std::pair<const char*, KeySource> cases[] = {
      {"hash $remote_addr", KeySource::kClientAddress},
      {"hash ${remote_addr} consistent", KeySource::kClientAddress},
      {"hash ${remote_addr}${remote_port} consistent", KeySource::kClientAddressPort}};
  for (const auto& [method, source] : cases) {
    const auto spec = Read(std::string(", loadBalancingMethod: '") + method + "'");
    ASSERT_TRUE(spec.hash_key) << method;
    EXPECT_EQ(spec.hash_key->source, source) << method;
    EXPECT_EQ(spec.algorithm, config::Algorithm::kConsistentHash);
    EXPECT_EQ(spec.affinity, config::Affinity::kFlow);
    EXPECT_THAT(into_.losses, IsEmpty());
  }
  EXPECT_FALSE(
      Read(", loadBalancingMethod: 'hash $remote_addr'", NginxSessions::kPerDatagram).affinity);
}

TEST_F(NginxUpstream, LosesWhatItCannotDo) {
  const std::pair<const char*, const char*> cases[] = {
      {", loadBalancingMethod: least_conn", "loadBalancingMethod: \"least_conn\": RoundRobin"},
      {", loadBalancingMethod: 'hash $host'", "loadBalancingMethod: \"hash $host\": RoundRobin"},
      {", maxFails: 3", "maxFails: 3"},
      {", failTimeout: 10s", "failTimeout: \"10s\""},
      {", maxConns: 5", "maxConns: 5"},
      {", backup: elsewhere, backupPort: 53", "backup: \"elsewhere\": NGINX wants"},
      {", slowStart: 5s", "slowStart: \"5s\": not known"},
  };
  for (const auto& [more, line] : cases) {
    const auto spec = Read(more);
    EXPECT_EQ(spec.algorithm, config::Algorithm::kRoundRobin);
    EXPECT_FALSE(spec.backup);
    ASSERT_EQ(into_.losses.size(), 1u) << more;
    EXPECT_THAT(ToString(into_.losses[0]), HasSubstr(line));
  }
}

TEST_F(NginxUpstream, KeepsABackupThatHasPods) {
  const auto spec = Read(", backup: plain, backupPort: 54");
  ASSERT_TRUE(spec.backup);
  EXPECT_EQ(spec.backup->service, (api::ServiceRef{"plain", 54}));
  EXPECT_THAT(into_.losses, IsEmpty());
  Read(", backup: plain");
  EXPECT_THAT(Lines(into_.errors),
              testing::ElementsAre(HasSubstr("backup: \"plain\": needs backupPort")));
}

TEST_F(NginxUpstream, ReadsItsProbe) {
  const auto spec = Read(", healthCheck: {enable: true, interval: 9s}");
  ASSERT_TRUE(spec.health_check);
  EXPECT_EQ(spec.health_check->period_seconds, 9);
}

TEST_F(NginxUpstream, NeedsServiceAndPort) {
  Reader reader = ReaderOf("{name: a}", into_);
  ReadNginxUpstream(reader, NginxSessions::kPerClient, {}, decisions_);
  EXPECT_THAT(Lines(into_.errors), testing::ElementsAre(HasSubstr("service: must be set"),
                                                        HasSubstr("port: must be set")));
}

}  // namespace
}  // namespace stevedore::convert
