#include "controller/source/kubernetes.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <condition_variable>
#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "tests/controller/kube/fake_transport.h"

namespace stevedore::source {
namespace {

using kube::EventJson;
using kube::ListJson;
using kube::Request;
using kube::Response;
using kube::StreamEnd;
using std::chrono::seconds;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Pair;
using ::testing::UnorderedElementsAre;

const char* const kDiscovery = "/apis/discovery.k8s.io/v1";

class RecordingSink final : public Sink {
 public:
  void Replace(Kind kind, const std::string& scope, std::vector<Object> objects) override {
    const std::lock_guard lock(mutex_);
    replaced_.emplace(kind, scope);
    for (const Object& object : objects) names_[kind].insert(object.key.ToString());
  }
  void Apply(Kind kind, Object object) override {
    const std::lock_guard lock(mutex_);
    EXPECT_EQ(object.origin, "");
    EXPECT_THAT(object.json, HasSubstr(object.key.name));
    names_[kind].insert(object.key.ToString());
  }
  void Delete(Kind kind, const kube::Key& key) override {
    const std::lock_guard lock(mutex_);
    names_[kind].erase(key.ToString());
  }
  std::set<std::pair<Kind, std::string>> Replaced() {
    const std::lock_guard lock(mutex_);
    return replaced_;
  }
  std::set<std::string> Names(Kind kind) {
    const std::lock_guard lock(mutex_);
    return names_[kind];
  }

 private:
  std::mutex mutex_;
  std::set<std::pair<Kind, std::string>> replaced_;
  std::map<Kind, std::set<std::string>> names_;
};

class KubernetesSourceTest : public ::testing::Test {
 protected:
  KubernetesSourceTest() {
    transport_.otherwise_do = [this](const Request& request) -> Result<Response> {
      if (request.path == kDiscovery) {
        const int status = discovery_.front();
        if (discovery_.size() > 1) discovery_.erase(discovery_.begin());
        return Response{status, "", {}};
      }
      if (request.path == forbidden_) return Response{403, "", {}};
      return Response{200, ListJson({"a"}, "5"), {}};
    };
    // A watch tells one change, then stays open until it is stopped. Lists are not streamed.
    transport_.otherwise_stream = [](const Request& request) {
      if (Query(request, "sendInitialEvents") == "true") {
        return kube::FakeTransport::Watch{
            .end = StreamEnd{StreamEnd::Kind::kStatus, Response{422, "", {}}}};
      }
      const auto wait = [stop = request.stop] {
        std::mutex mutex;
        std::condition_variable_any never;
        std::unique_lock lock(mutex);
        never.wait_for(lock, stop, seconds(10), [] { return false; });
      };
      if (Query(request, "resourceVersion") != "5") {
        return kube::FakeTransport::Watch{.end = StreamEnd{StreamEnd::Kind::kCancelled, {}},
                                          .before = wait};
      }
      return kube::FakeTransport::Watch{
          .chunks = {EventJson("ADDED", "b", "6"), EventJson("DELETED", "a", "7")}};
    };
  }

  std::unique_ptr<KubernetesSource> Make(std::vector<std::string> namespaces = {},
                                         const std::optional<kube::Key>& further = {}) {
    auto source = std::make_unique<KubernetesSource>(
        transport_, clock_, sink_, std::move(namespaces), [] { return 0.0; },
        [this] {
          const std::lock_guard lock(mutex_);
          ++changes_;
          changed_.notify_all();
        });
    if (further) source->AlsoWatch(*further);
    source->Start();
    return source;
  }
  // Looks again after each change that the source tells of, and a little later.
  template <class Condition>
  bool Eventually(Condition condition) {
    std::unique_lock lock(mutex_);
    for (int i = 0; i < 1000; ++i) {
      lock.unlock();
      if (condition()) return true;
      lock.lock();
      changed_.wait_for(lock, std::chrono::milliseconds(10));
    }
    return false;
  }
  std::set<std::string> Paths() {
    std::set<std::string> paths;
    for (const Request& request : transport_.Requests()) paths.insert(request.path);
    return paths;
  }

  MonotonicClock clock_;
  kube::FakeTransport transport_;
  RecordingSink sink_;
  std::vector<int> discovery_ = {200};
  std::string forbidden_;
  std::mutex mutex_;
  std::condition_variable changed_;
  int changes_ = 0;
};

TEST_F(KubernetesSourceTest, BringsThreeKindsIntoTheSink) {
  const auto source = Make();
  ASSERT_TRUE(Eventually([&] { return source->Synced(); }));
  EXPECT_THAT(sink_.Replaced(),
              UnorderedElementsAre(Pair(Kind::kRoute, ""), Pair(Kind::kService, ""),
                                   Pair(Kind::kEndpointSlice, "")));
  for (const Kind kind : {Kind::kRoute, Kind::kService, Kind::kEndpointSlice}) {
    EXPECT_TRUE(Eventually([&] { return sink_.Names(kind) == std::set<std::string>{"game/b"}; }));
  }
  EXPECT_THAT(Paths(),
              UnorderedElementsAre(kDiscovery, "/apis/stevedore.io/v1alpha1/stevedoreroutes",
                                   "/api/v1/services", "/apis/discovery.k8s.io/v1/endpointslices"));
  for (const Request& request : transport_.Requests()) {
    const bool slices = request.path == "/apis/discovery.k8s.io/v1/endpointslices";
    EXPECT_EQ(Query(request, "labelSelector"), slices ? "kubernetes.io/service-name" : "(none)");
  }
  const std::vector<WatchReport> reports = source->Reports();
  ASSERT_EQ(reports.size(), 3u);
  EXPECT_EQ(reports[0].resource, "stevedoreroutes");
  EXPECT_EQ(reports[0].counters.lists, 1u);
  EXPECT_TRUE(reports[0].state.synced);
}

TEST_F(KubernetesSourceTest, EachNamespaceHasItsOwnWatches) {
  const auto source = Make({"blue", "green"});
  ASSERT_TRUE(Eventually([&] { return source->Synced(); }));
  EXPECT_EQ(sink_.Replaced().size(), 6u);
  const std::set<std::string> paths = Paths();
  EXPECT_TRUE(paths.contains("/apis/stevedore.io/v1alpha1/namespaces/blue/stevedoreroutes"));
  EXPECT_TRUE(paths.contains("/api/v1/namespaces/green/services"));
  EXPECT_TRUE(paths.contains("/apis/discovery.k8s.io/v1/namespaces/green/endpointslices"));
  EXPECT_FALSE(paths.contains("/api/v1/services"));
}

TEST_F(KubernetesSourceTest, WatchesOneServiceElsewhere) {
  const auto source = Make({"blue"}, kube::Key{"edge", "udp"});
  ASSERT_TRUE(Eventually([&] { return sink_.Replaced().size() == 4; }));
  EXPECT_TRUE(sink_.Replaced().contains({Kind::kService, "edge"}));
  EXPECT_FALSE(Paths().contains("/apis/stevedore.io/v1alpha1/namespaces/edge/stevedoreroutes"));
  for (const Request& request : transport_.Requests()) {
    const bool elsewhere = request.path == "/api/v1/namespaces/edge/services";
    EXPECT_EQ(Query(request, "fieldSelector"), elsewhere ? "metadata.name=udp" : "(none)");
  }
}

TEST_F(KubernetesSourceTest, WorksWithoutAServiceElsewhereThatItMayNotRead) {
  forbidden_ = "/api/v1/namespaces/edge/services";
  const auto source = Make({"blue"}, kube::Key{"edge", "udp"});
  ASSERT_TRUE(Eventually([&] { return sink_.Replaced().size() == 4; }));
  EXPECT_TRUE(Eventually([&] { return source->Synced(); }));
  EXPECT_TRUE(sink_.Replaced().contains({Kind::kService, "edge"}));
}

TEST_F(KubernetesSourceTest, EndpointsWhereThereAreNoSlices) {
  discovery_ = {404};
  const auto source = Make();
  ASSERT_TRUE(Eventually([&] { return source->Synced(); }));
  EXPECT_TRUE(sink_.Replaced().contains({Kind::kEndpoints, ""}));
  EXPECT_FALSE(sink_.Replaced().contains({Kind::kEndpointSlice, ""}));
  EXPECT_TRUE(Paths().contains("/api/v1/endpoints"));
}

TEST_F(KubernetesSourceTest, OnlyA404MeansNoSlices) {
  discovery_ = {503, 403};
  const auto source = Make();
  ASSERT_TRUE(Eventually([&] { return source->Synced(); }));
  EXPECT_TRUE(sink_.Replaced().contains({Kind::kEndpointSlice, ""}));
  EXPECT_FALSE(Paths().contains("/api/v1/endpoints"));
}

TEST_F(KubernetesSourceTest, IsNotSyncedWhileOneResourceIsRefused) {
  forbidden_ = "/api/v1/services";
  const auto source = Make();
  ASSERT_TRUE(Eventually([&] {
    const std::vector<WatchReport> reports = source->Reports();
    return reports.size() == 3 && std::all_of(reports.begin(), reports.end(), [](const auto& r) {
             return r.state.synced || !r.state.error.empty();
           });
  }));
  EXPECT_FALSE(source->Synced());
  EXPECT_EQ(source->Reports()[1].state.error, "HTTP 403");
  EXPECT_FALSE(sink_.Replaced().contains({Kind::kService, ""}));
}

TEST_F(KubernetesSourceTest, StopsSoonAndBeforeStart) {
  discovery_ = {503};
  const auto source = Make();
  ASSERT_TRUE(Eventually([&] { return sink_.Replaced().size() == 2; }));
  const auto start = std::chrono::steady_clock::now();
  source->Stop();
  EXPECT_LT(std::chrono::steady_clock::now() - start, seconds(1));
  EXPECT_FALSE(source->Synced());
  KubernetesSource idle(transport_, clock_, sink_, {}, [] { return 0.0; }, {});
  idle.Stop();
  EXPECT_THAT(idle.Reports(), IsEmpty());
}

}  // namespace
}  // namespace stevedore::source
