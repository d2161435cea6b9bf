#include "proxy/config/seed_paths.h"

#include <gtest/gtest.h>

namespace stevedore::config {
namespace {

TEST(SeedPaths, NamesTheAncestorsField) {
  SeedPaths paths;
  paths.AddPeer(1, true, 0, 0);
  paths.AddPeer(1, false, 0, 1);
  paths.AddPeer(1, true, 1, 2);
  struct Case {
    const char* native;
    const char* seed;
  };
  for (const Case& c : {Case{"listeners[0].port", "Server.ListenAddr"},
                        {"listeners[0].maxTries", "Server.MaxTryTimes"},
                        {"listeners[0].maxDatagramBytes", "Server"},
                        {"listeners[0].session.idleTimeoutSeconds", "Session.TimeoutSec"},
                        {"listeners[0].session.maxSessions", "Session"},
                        {"listeners[0].defaultUpstream", "Upload.DefaultUpstream"},
                        {"listeners[0].rules", "Upload.Routes"},
                        {"listeners[0].rules[12].name", "Upload.Routes[12]"},
                        {"listeners[0].rules[2].upstream", "Upload.Routes[2].Upstream"},
                        {"listeners[0].rules[2].match[0].value", "Upload.Routes[2].Value"},
                        {"listeners[0].rules[2].match[0].start", "Upload.Routes[2].KeyBytes"},
                        {"listeners[0].rules[2].match[0].operator", "Upload.Routes[2].Operator"},
                        {"upstreams[3].name", "Upload.Upstreams[3].Name"},
                        {"upstreams[3].hashKey", "Upload.Upstreams[3].KeyBytes"},
                        {"upstreams[3].hashKey.end", "Upload.Upstreams[3].KeyBytes"},
                        {"upstreams[3].healthCheck.periodSeconds",
                         "Upload.Upstreams[3].HealthChecker.HeartbeatIntervalSec"},
                        {"upstreams[1].peers[0].port", "Upload.Upstreams[1].Peers[1].Port"},
                        {"upstreams[1].backupPeers[1].address", "Upload.Upstreams[1].Peers[2].IP"},
                        {"upstreams[1].backupPeers[0]", "Upload.Upstreams[1].Peers[0]"},
                        {"upstreams[1].peers", "Upload.Upstreams[1].Peers"},
                        {"hashSeed", ""},
                        {"", ""}})
    EXPECT_EQ(paths.ToSeed(c.native), c.seed) << c.native;
}

TEST(SeedPaths, SurvivesOddText) {
  for (const char* text :
       {"[", "]", "a[", "a]b[", "upstreams[x].peers[99999999999999999999]", "..."})
    (void)SeedPaths().ToSeed(text);
}

}  // namespace
}  // namespace stevedore::config
