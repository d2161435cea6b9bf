#include "proxy/report/metrics_exporter.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <prometheus/text_serializer.h>

#include <set>

#include "proxy/base/file.h"
#include "proxy/runtime/snapshot_builder.h"
#include "tests/proxy/report/sample.h"
#include "tests/proxy/worker/rig.h"

namespace stevedore::report {
namespace {

using health::ProbeResult;
using std::chrono::milliseconds;
using testing::HasSubstr;
using testing::Not;

constexpr const char* kRules = R"({ "version": 1,
  "listeners": [ { "name": "game/7000", "address": "127.0.0.1", "port": 7000,
    "defaultUpstream": "game/kcp/a", "rules": [
      { "name": "game/kcp/v1", "upstream": "game/kcp/a",
        "match": [ { "start": 0, "end": 1, "operator": "==", "value": "0x01" } ] },
      { "name": "v2", "upstream": "deny",
        "match": [ { "start": 0, "end": 1, "operator": "==", "value": "0x02" } ] } ] } ],
  "upstreams": [ { "name": "game/kcp/a", "peers": [ { "address": "10.0.0.1", "port": 5 },
                                                    { "address": "fd00::2", "port": 6 } ] } ] })";

class MetricsExporterTest : public testing::Test {
 protected:
  std::shared_ptr<const runtime::Snapshot> Load(const std::string& text) {
    const config::ValidConfig config = Valid(text);
    builder_.Register({config, {}, Nanos{0}});
    auto snapshot = builder_.Build({config, {}, Nanos{0}});
    book_.SetSnapshot(snapshot);
    InForce in_force;
    in_force.config = config;
    in_force.snapshot = snapshot;
    in_force.reloads = snapshot->generation;
    in_force.status.last_attempt.applied = true;
    in_force.status.upstreams = runtime::CountPeers(*snapshot, config, registry_);
    in_force.applied_at = 1'700'000'000;
    in_force.sessions_limit = 4096;
    in_force_.Set(std::move(in_force));
    return snapshot;
  }
  std::string Text() { return prometheus::TextSerializer().Serialize(exporter_.Collect()); }

  runtime::Registry registry_{2};
  runtime::SnapshotBuilder builder_{registry_};
  InForceHolder in_force_;
  TrafficBook book_;
  health::ProbeStats probes_;
  MetricsExporter exporter_{in_force_, book_, probes_, [] {
                              return std::vector<worker::WorkerGauges>{{3, 2, 0.5}, {1, 1, 0.25}};
                            }};
};

TEST_F(MetricsExporterTest, SmallSnapshotIsTheGoldenText) {
  const auto snapshot = Load(kRules);
  auto& counters = snapshot->listeners[0].stats->of(1);
  for (int i = 0; i < 5; ++i) counters.client_in.Add(10);
  for (int i = 0; i < 3; ++i) counters.upstream_out.Add(10);
  counters.upstream_in.Add(100);
  counters.client_out.Add(100);
  counters.Drop(runtime::UpDrop::kNoMatch);
  counters.Drop(runtime::UpDrop::kDenied);
  counters.sessions_created.Add(4);
  counters.sessions_ended[0].Add(1);
  registry_.nowhere->of(0).upstream_in.Add(9);
  registry_.nowhere->of(0).Drop(runtime::DownDrop::kUnknownReply);
  registry_.nowhere->of(0).kernel_drops.Add(2);
  snapshot->listeners[0].rules[0].stats->of(0).matches.Add(2);
  snapshot->listeners[0].rules[0].stats->of(1).matches.Add(1);
  snapshot->upstreams[0].stats->of(0).out.Add(10);
  snapshot->upstreams[0].stats->of(1).in.Add(100);
  snapshot->peers[1].health->passing.store(false);
  probes_.Count("game/kcp/a", ProbeResult::kOk, milliseconds(2));
  probes_.Count("game/kcp/a", ProbeResult::kTimeout, milliseconds(1000));
  probes_.Count("game/kcp/a", ProbeResult::kError, milliseconds(0));

  const std::string path = "tests/golden/metrics/proxy.txt";
  const std::string text = Text();
  if (std::getenv("STEVEDORE_UPDATE_GOLDEN") != nullptr) {
    ASSERT_TRUE(WriteFileAtomically(path, text));
  }
  const auto golden = ReadFile(path);
  ASSERT_TRUE(golden) << path;
  EXPECT_EQ(text, *golden);
}

TEST_F(MetricsExporterTest, BeforeTheFirstConfigThereAreNoSeriesOfListeners) {
  const std::string text = Text();
  EXPECT_THAT(text, HasSubstr("stevedore_proxy_config_last_reload_successful 0\n"));
  EXPECT_THAT(text, HasSubstr("stevedore_proxy_worker_pool_sockets{worker=\"1\"} 1\n"));
  EXPECT_THAT(text, Not(HasSubstr("listener=")));
  EXPECT_THAT(text, Not(HasSubstr("upstream=")));
}

TEST_F(MetricsExporterTest, SeriesOfWhatIsRemovedGoAway) {
  Load(kRules);
  EXPECT_THAT(Text(), HasSubstr("rule=\"v1\""));
  Load(ConfigText(ListenerText("other", 7000, "b"), UpstreamText("b", 5)));
  const std::string text = Text();
  for (const char* gone : {"rule=", "game/7000", "route=\"kcp\"", "10.0.0.1"})
    EXPECT_THAT(text, Not(HasSubstr(gone)));
  EXPECT_THAT(text, HasSubstr("stevedore_proxy_listener_bound{listener=\"other\"} 0\n"));
  EXPECT_THAT(text, HasSubstr(R"(upstream="b",peer="127.0.0.1:5"} 1)"));
}

TEST_F(MetricsExporterTest, NoSeriesStandsTwice) {
  const std::string rule = R"(, "rules": [ { "name": "same", "upstream": "u", "match": [
      { "start": 0, "end": 1, "operator": "==", "value": "0x01" } ] } ] })";
  std::string first = ListenerText("a", 7000);
  std::string second = ListenerText("b", 7001);
  for (std::string* listener : {&first, &second}) listener->replace(listener->size() - 2, 2, rule);
  Load(ConfigText(first + "," + second,
                  R"({ "name": "u", "peers": [ { "address": "10.0.0.1", "port": 5 } ],
                       "backupPeers": [ { "address": "10.0.0.1", "port": 6 } ] })"));
  std::set<std::string> seen;
  std::istringstream lines(Text());
  for (std::string line; std::getline(lines, line);) {
    const std::string series = line.substr(0, line.rfind(' '));
    EXPECT_TRUE(line[0] == '#' || seen.insert(series).second) << series << " is there twice";
  }
}

TEST_F(MetricsExporterTest, PeerSeriesAreCapped) {
  std::string peers;
  for (int i = 0; i < 501; ++i)
    peers += (i == 0 ? "" : ",") + std::string(R"({ "address": "10.0.0.1", "port": )") +
             std::to_string(1000 + i) + " }";
  Load(ConfigText("", R"({ "name": "u", "peers": [ )" + peers + " ] }"));
  std::size_t series = 0;
  for (const auto& family : exporter_.Collect())
    if (family.name == "stevedore_proxy_peer_up") series = family.metric.size();
  EXPECT_EQ(series, 500u);
  EXPECT_THAT(Text(), HasSubstr("stevedore_proxy_upstream_peers{route_namespace=\"\",route=\"\","
                                "upstream=\"u\",state=\"total\"} 501\n"));
}

TEST_F(MetricsExporterTest, ABoundListenerTellsItsBuffer) {
  const std::uint16_t port = worker::FreePort();
  const config::SocketAddress address{config::IpAddress::V4(0x7f000001), port};
  Load(ConfigText(ListenerText("a", port)));
  EXPECT_THAT(Text(), Not(HasSubstr("receive_buffer_bytes{")));
  auto group = net::OpenListenerGroup(address, 2);
  ASSERT_TRUE(group);
  registry_.listeners.Get(address, [] { return runtime::ListenerRecord{}; }).value.sockets =
      std::make_shared<runtime::ListenerSockets>(
          runtime::ListenerSockets{std::move(*group), AF_INET});
  Load(ConfigText(ListenerText("a", port)));
  const std::string text = Text();
  EXPECT_THAT(text, HasSubstr("stevedore_proxy_listener_bound{listener=\"a\"} 1\n"));
  EXPECT_THAT(text, HasSubstr("stevedore_proxy_listener_receive_buffer_bytes{listener=\"a\"} "));
}

}  // namespace
}  // namespace stevedore::report
