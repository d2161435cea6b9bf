#include "controller/publish/lease_client.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "tests/controller/kube/fake_transport.h"

namespace stevedore::publish {
namespace {

constexpr const char* kServed =
    R"({"metadata":{"name":"l","namespace":"edge","resourceVersion":"7"},
        "spec":{"holderIdentity":"a"}})";

class LeaseClientTest : public testing::Test {
 protected:
  void Answer(int status, const std::string& body) {
    transport_.answers.push_back(kube::Response{status, body, {}});
  }
  const kube::Request& Last() { return transport_.requests.back(); }
  static api::Lease Sample() {
    api::Lease lease;
    lease.key = {"edge", "l"};
    lease.holder = "b";
    return lease;
  }

  kube::FakeTransport transport_;
  LeaseClient client_{transport_};
};

TEST_F(LeaseClientTest, ReadsALease) {
  Answer(200, kServed);
  const auto lease = client_.Get({"edge", "l"});
  ASSERT_TRUE(lease);
  EXPECT_EQ(lease->holder, "a");
  EXPECT_EQ(lease->resource_version, "7");
  EXPECT_EQ(Last().method, "GET");
  EXPECT_EQ(Last().path, "/apis/coordination.k8s.io/v1/namespaces/edge/leases/l");
  EXPECT_TRUE(Last().unlimited);
  EXPECT_EQ(Last().timeout, LeaseClient::kTimeout);
}

TEST_F(LeaseClientTest, CreatesALease) {
  Answer(201, kServed);
  ASSERT_TRUE(client_.Create(Sample()));
  EXPECT_EQ(Last().method, "POST");
  EXPECT_EQ(Last().path, "/apis/coordination.k8s.io/v1/namespaces/edge/leases");
  EXPECT_EQ(Last().content_type, "application/json");
  EXPECT_TRUE(Last().unlimited);
  EXPECT_FALSE(nlohmann::json::parse(Last().body)["metadata"].contains("resourceVersion"));
}

TEST_F(LeaseClientTest, UpdatesTheVeryVersion) {
  Answer(200, kServed);
  api::Lease lease = Sample();
  lease.resource_version = "6";
  const auto written = client_.Update(lease);
  ASSERT_TRUE(written);
  EXPECT_EQ(written->resource_version, "7");
  EXPECT_EQ(Last().method, "PUT");
  EXPECT_EQ(Last().path, "/apis/coordination.k8s.io/v1/namespaces/edge/leases/l");
  EXPECT_TRUE(Last().unlimited);
  const auto body = nlohmann::json::parse(Last().body);
  EXPECT_EQ(body["metadata"]["resourceVersion"], "6");
  EXPECT_EQ(body["spec"]["holderIdentity"], "b");
}

TEST_F(LeaseClientTest, TellsFailuresApart) {
  const std::vector<std::pair<int, Errc>> table = {
      {401, Errc::kDenied},      {403, Errc::kDenied},      {404, Errc::kNotFound},
      {409, Errc::kConflict},    {400, Errc::kInvalid},     {422, Errc::kInvalid},
      {429, Errc::kUnavailable}, {500, Errc::kUnavailable}, {503, Errc::kUnavailable},
  };
  for (const auto& [status, code] : table) {
    Answer(status, kube::StatusJson(status, "Whatever"));
    const auto lease = client_.Get({"edge", "l"});
    ASSERT_FALSE(lease) << status;
    EXPECT_EQ(lease.error().code, code) << status;
    EXPECT_EQ(lease.error().detail, "HTTP " + std::to_string(status) + ": said so");
  }
}

TEST_F(LeaseClientTest, NoAnswerIsUnavailable) {
  transport_.answers.push_back(Error{Errc::kUnavailable, "connection refused"});
  const auto lease = client_.Update(Sample());
  ASSERT_FALSE(lease);
  EXPECT_EQ(lease.error().code, Errc::kUnavailable);
  EXPECT_EQ(lease.error().detail, "connection refused");
}

TEST_F(LeaseClientTest, AnAnswerThatIsNoLeaseIsInvalid) {
  Answer(200, "<html>");
  const auto lease = client_.Get({"edge", "l"});
  ASSERT_FALSE(lease);
  EXPECT_EQ(lease.error().code, Errc::kInvalid);
}

TEST_F(LeaseClientTest, PassesTheStopOn) {
  std::stop_source stop;
  stop.request_stop();
  Answer(200, kServed);
  ASSERT_TRUE(client_.Get({"edge", "l"}, stop.get_token()));
  EXPECT_TRUE(Last().stop.stop_requested());
}

TEST_F(LeaseClientTest, DeletesALease) {
  Answer(200, R"({"kind":"Status","status":"Success"})");
  EXPECT_TRUE(client_.Delete({"edge", "l"}));
  EXPECT_EQ(Last().method, "DELETE");
  EXPECT_EQ(Last().path, "/apis/coordination.k8s.io/v1/namespaces/edge/leases/l");
  Answer(404, "no");
  EXPECT_EQ(client_.Delete({"edge", "l"}).error().code, Errc::kNotFound);
}

}  // namespace
}  // namespace stevedore::publish
