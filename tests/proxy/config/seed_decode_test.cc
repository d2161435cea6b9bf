#include "proxy/config/seed_decode.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "proxy/config/load.h"

namespace stevedore::config {
namespace {

// A file in the ancestor's form with the two routes and peers that a test gives.
std::string SeedText(const std::string& upload, const std::string& rest = "") {
  return "{\"Server\": {\"ListenAddr\": \"0.0.0.0:2614\"},\n" + rest + "\"Upload\": {\n" + upload +
         "}}";
}

std::string ErrorsOf(const std::string& text) {
  std::string all;
  for (const FieldError& error : Load(text).errors) all += ToString(error) + "\n";
  return all;
}

TEST(DecodeSeed, MapsEveryField) {
  const Loaded loaded = Load(R"({
    "Server": {"ListenAddr": ":2614", "MaxTryTimes": 5},
    "Session": {"TimeoutSec": 30},
    "Upload": {"DefaultUpstream": "hash",
      "Routes": [{"KeyBytes": "4:6", "Operator": "!|=", "Value": "0x0001", "Upstream": "hash"}],
      "Upstreams": [{"Name": "hash", "Type": "chash", "KeyBytes": "0:4",
        "HealthChecker": {"HeartbeatIntervalSec": 5, "HeartbeatTimeoutSec": 3, "SuccessTimes": 2,
          "FailedTimes": 1},
        "Peers": [{"IP": "10.0.0.1", "Port": 1, "Weight": 2, "Backup": true},
                  {"IP": "10.0.0.2", "Port": 2}]}]}})");
  ASSERT_TRUE(loaded.config);
  const ProxyConfig& config = **loaded.config;
  const Listener& listener = config.listeners.at(0);
  EXPECT_EQ(listener.address, "::");
  EXPECT_EQ(listener.port, 2614);
  EXPECT_EQ(listener.max_tries, 5);
  EXPECT_EQ(listener.session.idle_timeout_seconds, 30);
  EXPECT_EQ(listener.default_upstream, "hash");
  EXPECT_EQ(listener.rules,
            (std::vector<Rule>{{"rule-1", {{4, 6, Operator::kNotSubset, "0x0001"}}, "hash"}}));
  const Upstream& upstream = config.upstreams.at(0);
  EXPECT_EQ(upstream.algorithm, Algorithm::kConsistentHash);
  EXPECT_EQ(upstream.hash_key, (HashKey{KeySource::kPayload, 0, 4}));
  EXPECT_EQ(upstream.affinity, Affinity::kNone);
  EXPECT_EQ(upstream.health_check,
            (HealthCheck{5, 3, 2, 1, "0x686561727462656174", Expect::kNoError, {}}));
  EXPECT_EQ(upstream.peers, (std::vector<Peer>{{"10.0.0.2", 2, 1, false}}));
  EXPECT_EQ(upstream.backup_peers, (std::vector<Peer>{{"10.0.0.1", 1, 2, false}}));
}

TEST(DecodeSeed, DefaultsToDenyAndTakesOnlyBackups) {
  const Loaded loaded = Load(SeedText(R"("Upstreams": [{"Name": "u", "Type": "rr", "Peers":
    [{"IP": "10.0.0.1", "Port": 1, "Weight": 1, "Backup": true}]}])"));
  ASSERT_TRUE(loaded.config);
  EXPECT_EQ((*loaded.config)->listeners.at(0).default_upstream, kDeny);
  EXPECT_EQ((*loaded.config)->listeners.at(0).address, "0.0.0.0");
  EXPECT_TRUE((*loaded.config)->upstreams.at(0).peers.empty());
  EXPECT_EQ((*loaded.config)->upstreams.at(0).affinity, Affinity::kNone);
  EXPECT_FALSE((*loaded.config)->upstreams.at(0).health_check);
}

TEST(DecodeSeed, NotesWhatItIgnores) {
  const Loaded loaded = Load(R"({"Server": {"ListenAddr": ":1", "ListenParallel": 4,
    "EventSize": 1, "EventChanSize": 1, "BatchSize": 1, "BufSize": 4096, "TaskPoolSize": 1,
    "TaskPoolTimeoutSec": 1}, "Session": {"RecycleIntervalSec": 1},
    "PProf": {"Open": true}, "Log": {"Path": "x"}, "Upload": {"Upstreams": [
    {"Name": "u", "Type": "rr", "KeyBytes": "0:4", "HealthChecker":
      {"HeartbeatIntervalSec": 2, "HeartbeatTimeoutSec": 3}}]}})");
  ASSERT_TRUE(loaded.config);
  std::string notes;
  for (const FieldError& note : loaded.notes) notes += ToString(note) + "\n";
  EXPECT_EQ(notes,
            "line 1: Server.ListenParallel: ignored: the number of workers is set by --workers\n"
            "line 2: Server.EventSize: ignored: the proxy has no such queue\n"
            "line 2: Server.EventChanSize: ignored: the proxy has no such queue\n"
            "line 2: Server.BatchSize: ignored: the size of a batch is fixed\n"
            "line 2: Server.BufSize: ignored: datagrams up to 65535 bytes are carried\n"
            "line 2: Server.TaskPoolSize: ignored: the proxy has no task pool\n"
            "line 3: Server.TaskPoolTimeoutSec: ignored: the proxy has no task pool\n"
            "line 3: Session.RecycleIntervalSec: ignored: sessions expire on time without it\n"
            "line 4: PProf: ignored: metrics are served at --metrics-address\n"
            "line 4: Log: ignored: logging is set by --log-level and --log-format\n"
            "line 5: Upload.Upstreams[0].KeyBytes: ignored: Type \"rr\" hashes nothing\n"
            "line 6: Upload.Upstreams[0].HealthChecker.HeartbeatTimeoutSec: 3 is longer than "
            "HeartbeatIntervalSec: 2 is used\n");
  EXPECT_EQ((*loaded.config)->upstreams.at(0).health_check->timeout_seconds, 2);
}

TEST(DecodeSeed, NamesTheRouteTheRangeAndTheLength) {
  const std::string route = R"({"KeyBytes": "4:6", "Operator": "==", "Upstream": "u", "Value": )";
  const std::string upstreams = R"("Upstreams": [{"Name": "u", "Type": "rr"}])";
  struct Case {
    const char* value;
    const char* message;
  };
  for (const Case& c :
       {Case{"0x01", "\"0x01\" is 1 byte, but KeyBytes 4:6 is 2 bytes: write 4 hex digits"},
        {"0b00000001", "\"0b00000001\" is 1 byte, but KeyBytes 4:6 is 2 bytes: write 16 bits"},
        {"0x010203", "\"0x010203\" is 3 bytes, but KeyBytes 4:6 is 2 bytes: write 4 hex digits"},
        {"1", "\"1\": must be \"0x\" and 4 hex digits, or \"0b\" and 16 bits"}})
    EXPECT_EQ(ErrorsOf(SeedText("\"Routes\": [\n" + route + '"' + c.value + "\"}],\n" + upstreams)),
              std::string("line 4: Upload.Routes[0].Value: ") + c.message + "\n");
}

TEST(DecodeSeed, RefusesUnknownUpstreams) {
  EXPECT_EQ(ErrorsOf(SeedText(R"("DefaultUpstream": "gone", "Routes": [
    {"KeyBytes": "0:1", "Operator": "==", "Value": "0x01", "Upstream": "deny"},
    {"KeyBytes": "0:1", "Operator": "==", "Value": "0x02", "Upstream": "u2"}],
    "Upstreams": [{"Name": "u", "Type": "rr"}])")),
            "line 3: Upload.DefaultUpstream: \"gone\": no upstream has this name: the ancestor "
            "dropped what came here; write \"deny\" for that, or the name of an upstream\n"
            "line 5: Upload.Routes[1].Upstream: \"u2\": no upstream has this name, so this route "
            "leads nowhere: write the Name of an entry of Upstreams, or \"deny\"\n");
}

TEST(DecodeSeed, ReportsErrorsAtTheAncestorsPaths) {
  struct Case {
    const char* upload;
    const char* errors;
  };
  for (const Case& c : {
           Case{R"("Upstreams": [{"Name": "u", "Type": "chash"}])",
                "line 3: Upload.Upstreams[0].KeyBytes: missing: Type \"chash\" needs the bytes to "
                "hash, such as \"0:4\"\n"},
           {R"("Upstreams": [{"Name": "u", "Type": "chash", "KeyBytes": "4"}])",
            "line 3: Upload.Upstreams[0].KeyBytes: \"4\": must be \"START:END\", the first byte "
            "and one past the last, such as \"4:6\"\n"},
           {R"("Upstreams": [{"Name": "u", "Type": "chash", "KeyBytes": "-1:3"}])",
            "line 3: Upload.Upstreams[0].KeyBytes: -1: must be 0 to 2047\n"},
           {R"("Upstreams": [{"Name": "u", "Type": "random"}])",
            "line 3: Upload.Upstreams[0].Type: \"random\": must be one of \"rr\", \"chash\"\n"},
           {R"("Upstreams": [{"Name": "u", "Type": "rr"}, {"Name": "u", "Type": "rr"}])",
            "line 3: Upload.Upstreams[1].Name: \"u\": also the name of entry 0: names in upstreams "
            "must be unique\n"},
           {"\"Upstreams\": [{\"Name\": \"u\", \"Type\": \"rr\", \"Peers\": [\n"
            "{\"IP\": \"10.0.0.1\", \"Port\": 1, \"Weight\": 1, \"Backup\": true},\n"
            "{\"IP\": \"10.0.0.2\", \"Port\": 0, \"Weight\": 1, \"Backup\": false}]}]",
            "line 5: Upload.Upstreams[0].Peers[1].Port: 0: must be 1 to 65535\n"},
           {R"("Upstreams": [{"Name": "u", "Type": "rr", "Peers":
                [{"IP": "127.0.0.1", "Port": 2614}]}])",
            "line 4: Upload.Upstreams[0].Peers[0]: 127.0.0.1:2614 is the listener \"listener-1\": "
            "datagrams would loop; name another address or port\n"},
           {R"("Upstream": [])",
            "line 3: Upload.Upstream: unknown field: did you mean \"Upstreams\"?\n"},
       })
    EXPECT_EQ(ErrorsOf(SeedText(c.upload)), c.errors) << c.upload;
}

TEST(DecodeSeed, NeedsAnAddressToListenOn) {
  EXPECT_EQ(ErrorsOf(R"({"Upload": {}})"), "line 1: Server: missing: must be set\n");
  EXPECT_EQ(ErrorsOf(R"({"Server": {}, "Upload": {}})"),
            "line 1: Server.ListenAddr: missing: must be set\n");
  EXPECT_EQ(ErrorsOf(R"({"Server": {"ListenAddr": "localhost:1"}, "Upload": {}})"),
            "line 1: Server.ListenAddr: \"localhost:1\": must be ADDRESS:PORT with an IP address, "
            "\":PORT\" for every address\n");
  EXPECT_EQ(ErrorsOf(R"({"Server": {"ListenAddr": ":0", "MaxTryTimes": 99}, "Upload": {}})"),
            "line 1: Server.ListenAddr: 0: must be 1 to 65535\n"
            "line 1: Server.MaxTryTimes: 99: must be 1 to 16\n");
}

}  // namespace
}  // namespace stevedore::config
