#include "controller/publish/replica_lease.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "tests/controller/kube/fake_transport.h"

namespace stevedore::publish {
namespace {

using Json = nlohmann::json;
using std::chrono::seconds;

// Keeps one Lease as an API server does.
class ReplicaLeaseTest : public testing::Test {
 protected:
  ReplicaLeaseTest() {
    transport_.otherwise_do = [this](const kube::Request& request) { return Serve(request); };
  }
  Result<kube::Response> Serve(const kube::Request& request) {
    if (refuse_ != 0) return kube::Response{refuse_, "no", {}};
    if (request.method == "DELETE") {
      lease_ = nullptr;
      return kube::Response{200, "{}", {}};
    }
    if (request.method == "GET")
      return lease_.is_null() ? kube::Response{404, "no", {}}
                              : kube::Response{200, lease_.dump(), {}};
    Json body = Json::parse(request.body);
    const bool create = request.method == "POST";
    if (!create && lease_.is_null()) return kube::Response{404, "no", {}};
    const bool matches =
        create ? lease_.is_null()
               : body["metadata"]["resourceVersion"] == lease_["metadata"]["resourceVersion"];
    if (!matches) return kube::Response{409, "no", {}};
    ++writes_;
    body["metadata"]["resourceVersion"] = std::to_string(++version_);
    lease_ = body;
    return kube::Response{200, lease_.dump(), {}};
  }
  void Tell(const std::string& digest) {
    report_.digest = digest;
    replica_.Tell(report_);
  }
  // Whether a step wrote something.
  bool Steps() {
    const int before = writes_;
    replica_.Step({});
    return writes_ > before;
  }
  std::string Digest() {
    const std::string text = lease_["metadata"]["annotations"][kReportAnnotation];
    return api::DecodeReport(text)->digest;
  }

  kube::FakeTransport transport_;
  ManualClock clock_;
  int refuse_ = 0;
  Json lease_;
  int version_ = 0;
  int writes_ = 0;
  api::ReplicaReport report_;
  ReplicaLease replica_{transport_, clock_, {"edge", "p-1", "uid-1", "node-1", "web"}};
};

TEST_F(ReplicaLeaseTest, MakesALeaseThatGoesWithItsPod) {
  EXPECT_EQ(replica_.Step({}), ReplicaLease::kRenewal) << "nothing to tell";
  EXPECT_TRUE(transport_.requests.empty());
  Tell("d1");
  EXPECT_TRUE(Steps());
  EXPECT_EQ(lease_["metadata"]["name"], "stevedore-p-1");
  EXPECT_EQ(lease_["metadata"]["namespace"], "edge");
  EXPECT_EQ(lease_["metadata"]["labels"], (Json{{"stevedore.io/replica", "web"}}));
  EXPECT_EQ(lease_["metadata"]["ownerReferences"][0]["uid"], "uid-1");
  EXPECT_EQ(lease_["metadata"]["ownerReferences"][0]["kind"], "Pod");
  EXPECT_EQ(lease_["spec"]["holderIdentity"], "p-1");
  EXPECT_EQ(lease_["spec"]["leaseDurationSeconds"], 30);
  EXPECT_EQ(Digest(), "d1");
}

TEST_F(ReplicaLeaseTest, BelongsToNobodyWithoutAUid) {
  ReplicaLease other(transport_, clock_, {"edge", "p-2", "", "", "web"});
  other.Tell(report_);
  other.Step({});
  EXPECT_FALSE(lease_["metadata"].contains("ownerReferences"));
}

TEST_F(ReplicaLeaseTest, RenewsEveryTenSecondsAndChangesOnceASecond) {
  Tell("d1");
  EXPECT_TRUE(Steps());
  EXPECT_FALSE(Steps());
  clock_.Advance(seconds(10) - Nanos(1));
  EXPECT_FALSE(Steps());
  clock_.Advance(Nanos(1));
  EXPECT_TRUE(Steps()) << "renewed";
  for (int i = 0; i < 10; ++i) {
    Tell("d" + std::to_string(2 + i));
    clock_.Advance(std::chrono::milliseconds(99));
    EXPECT_FALSE(Steps()) << i;
  }
  clock_.Advance(std::chrono::milliseconds(10));
  EXPECT_TRUE(Steps());
  EXPECT_EQ(Digest(), "d11") << "the last";
  EXPECT_EQ(writes_, 3);
}

TEST_F(ReplicaLeaseTest, TakesOverTheLeaseOfAFormerProcess) {
  lease_ = {{"metadata",
             {{"name", "stevedore-p-1"},
              {"namespace", "edge"},
              {"resourceVersion", "0"},
              {"annotations", {{"someone/else", "x"}}}}},
            {"spec", {{"holderIdentity", "p-1"}}}};
  Tell("d1");
  EXPECT_TRUE(Steps());
  EXPECT_EQ(Digest(), "d1");
  EXPECT_EQ(lease_["metadata"]["annotations"]["someone/else"], "x");
}

TEST_F(ReplicaLeaseTest, ComesBackWhenItWasChangedOrDeleted) {
  Tell("d1");
  ASSERT_TRUE(Steps());
  lease_["metadata"]["resourceVersion"] = "changed";
  clock_.Advance(seconds(10));
  EXPECT_TRUE(Steps());
  lease_ = nullptr;
  clock_.Advance(seconds(10));
  EXPECT_TRUE(Steps());
  EXPECT_EQ(Digest(), "d1");
}

TEST_F(ReplicaLeaseTest, TriesAgainAfterAFailure) {
  refuse_ = 500;
  Tell("d1");
  EXPECT_EQ(replica_.Step({}), ReplicaLease::kRetry);
  refuse_ = 0;
  clock_.Advance(ReplicaLease::kRetry - Nanos(1));
  EXPECT_FALSE(Steps());
  clock_.Advance(Nanos(1));
  EXPECT_TRUE(Steps());
}

TEST_F(ReplicaLeaseTest, DeletesItAtTheEndAndNotBefore) {
  Tell("d1");
  replica_.Start();
  for (int i = 0; i < 1000; ++i) {
    const auto requests = transport_.Requests();
    if (!requests.empty() && requests.back().method == "POST") break;
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  replica_.Stop();
  EXPECT_EQ(transport_.Requests().back().method, "DELETE");
  EXPECT_TRUE(lease_.is_null());
  const std::size_t requests = transport_.Requests().size();
  replica_.Stop();
  EXPECT_EQ(transport_.Requests().size(), requests);
}

}  // namespace
}  // namespace stevedore::publish
