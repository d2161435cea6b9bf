#include "controller/publish/lease_replicas.h"

#include <gtest/gtest.h>

#include <atomic>

#include "tests/controller/fake_proxy.h"
#include "tests/controller/kube/fake_transport.h"

namespace stevedore::publish {
namespace {

class LeaseReplicasTest : public testing::Test {
 protected:
  LeaseReplicasTest() {
    transport_.otherwise_do = [](const kube::Request& request) -> Result<kube::Response> {
      if (request.method == "GET" && request.path.ends_with("/leases"))
        return kube::Response{200, kube::ListJson({}, "5"), {}};
      if (request.method == "GET") return kube::Response{404, "no", {}};
      return kube::Response{200, request.body.empty() ? "{}" : request.body, {}};
    };
    transport_.otherwise_stream = [](const kube::Request&) {
      return kube::FakeTransport::Watch{
          .end = kube::StreamEnd{kube::StreamEnd::Kind::kStatus, {422, "no", {}}}};
    };
  }
  // How often such a request was made.
  int Count(const std::string& method, const std::string& end) {
    int count = 0;
    for (const kube::Request& request : transport_.Requests())
      count += request.method == method && request.path.ends_with(end);
    return count;
  }

  kube::FakeTransport transport_;
  MonotonicClock clock_;
  std::atomic<int> calls_{0};
  LeaseReplicas replicas_{
      transport_, clock_, {"edge", "p-1", "", "node-1", "web"}, [] { return 0.5; }};
};

TEST_F(LeaseReplicasTest, WatchesTheClassAndTellsOfItself) {
  EXPECT_EQ(replicas_.self().pod, "p-1");
  EXPECT_EQ(replicas_.self().node, "node-1");
  replicas_.Start([this] { ++calls_; });
  EXPECT_TRUE(WaitUntil([&] { return replicas_.Others()->unknown.empty(); }));
  EXPECT_GT(calls_, 0);
  bool asked = false;
  for (const kube::Request& request : transport_.Requests())
    asked = asked || (request.path == "/apis/coordination.k8s.io/v1/namespaces/edge/leases" &&
                      kube::Query(request, "labelSelector") == "stevedore.io/replica=web");
  EXPECT_TRUE(asked);

  api::ReplicaReport report;
  replicas_.Tell(report);
  report.proxy = api::ProxyState::kRuns;
  report.digest = "d";
  replicas_.Tell(report);
  EXPECT_TRUE(WaitUntil([&] { return Count("POST", "/leases") == 1; }));
  replicas_.Stop();
  EXPECT_EQ(Count("DELETE", "/leases/stevedore-p-1"), 1);
}

TEST_F(LeaseReplicasTest, JoinsOnlyWithSomethingDefiniteToTell) {
  replicas_.Start([] {});
  replicas_.Tell(api::ReplicaReport());
  EXPECT_TRUE(WaitUntil([&] { return replicas_.Others()->unknown.empty(); }));
  replicas_.Stop();
  EXPECT_EQ(Count("POST", "/leases"), 0);
  EXPECT_EQ(Count("DELETE", "/leases/stevedore-p-1"), 0) << "there is nothing to delete";
}

TEST_F(LeaseReplicasTest, MayEndWithoutAStart) { replicas_.Stop(); }

}  // namespace
}  // namespace stevedore::publish
