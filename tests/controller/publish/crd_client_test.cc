#include "controller/publish/crd_client.h"

#include <gtest/gtest.h>

#include "tests/controller/api/crd_sample.h"
#include "tests/controller/kube/fake_transport.h"

namespace stevedore::publish {
namespace {

constexpr const char* kName = "things.example.com";
constexpr const char* kPath =
    "/apis/apiextensions.k8s.io/v1/customresourcedefinitions/things.example.com";

class CrdClientTest : public testing::Test {
 protected:
  void Answer(int status, const std::string& body) {
    transport_.answers.push_back(kube::Response{status, body, {}});
  }
  const kube::Request& Last() { return transport_.requests.back(); }

  const std::string file_ = api::CrdFileSample().dump();
  const api::Crd live_ = *api::DecodeCrd(api::LiveCrdSample().dump());
  kube::FakeTransport transport_;
  CrdClient client_{transport_};
};

TEST_F(CrdClientTest, Gets) {
  Answer(200, api::LiveCrdSample().dump());
  const auto crd = client_.Get(kName);
  ASSERT_TRUE(crd && *crd);
  EXPECT_EQ((*crd)->schema, 3);
  EXPECT_EQ(Last().method, "GET");
  EXPECT_EQ(Last().path, kPath);
}

TEST_F(CrdClientTest, NoneIsNoError) {
  Answer(404, kube::StatusJson(404, "NotFound"));
  const auto crd = client_.Get(kName);
  ASSERT_TRUE(crd);
  EXPECT_FALSE(*crd);
}

TEST_F(CrdClientTest, Applies) {
  Answer(200, api::LiveCrdSample("4").dump());
  const auto crd = client_.Put(kName, file_, &live_, CrdClient::Apply::kForReal);
  ASSERT_TRUE(crd);
  EXPECT_EQ(crd->schema, 4) << "as the server has it then";
  EXPECT_EQ(Last().method, "PATCH");
  EXPECT_EQ(Last().path, kPath);
  EXPECT_EQ(Last().content_type, "application/apply-patch+yaml");
  EXPECT_EQ(Query(Last(), "fieldManager"), kCrdFieldManager);
  EXPECT_EQ(Query(Last(), "force"), "true");
  EXPECT_EQ(Query(Last(), "dryRun"), "(none)");
  EXPECT_EQ(Last().body, api::EncodeCrd(file_, &live_));
}

TEST_F(CrdClientTest, AppliesForATry) {
  Answer(200, api::LiveCrdSample().dump());
  ASSERT_TRUE(client_.Put(kName, file_, nullptr, CrdClient::Apply::kDryRun));
  EXPECT_EQ(Query(Last(), "dryRun"), "All");
  EXPECT_EQ(Last().body, api::EncodeCrd(file_, nullptr));
}

TEST_F(CrdClientTest, DeletesTheVeryState) {
  Answer(200, "{}");
  ASSERT_TRUE(client_.Delete(live_));
  EXPECT_EQ(Last().method, "DELETE");
  EXPECT_EQ(Last().path, kPath);
  const nlohmann::json preconditions = {{"uid", "u1"}, {"resourceVersion", "77"}};
  EXPECT_EQ(nlohmann::json::parse(Last().body)["preconditions"], preconditions);
  Answer(404, "gone");
  EXPECT_TRUE(client_.Delete(live_)) << "what is gone is deleted";
}

TEST_F(CrdClientTest, TellsFailuresApart) {
  const std::pair<int, Errc> table[] = {
      {401, Errc::kDenied},      {403, Errc::kDenied},      {409, Errc::kConflict},
      {400, Errc::kInvalid},     {422, Errc::kInvalid},     {429, Errc::kUnavailable},
      {500, Errc::kUnavailable}, {503, Errc::kUnavailable},
  };
  for (const auto& [status, code] : table) {
    Answer(status, kube::StatusJson(status, "Whatever"));
    const auto crd = client_.Get(kName);
    ASSERT_FALSE(crd) << status;
    EXPECT_EQ(crd.error().code, code) << status;
    EXPECT_EQ(crd.error().detail.find("HTTP " + std::to_string(status) + ": said so"), 0u);
  }
  const auto none = client_.Get(kName);
  ASSERT_FALSE(none) << "no answer";
  EXPECT_EQ(none.error().code, Errc::kUnavailable);
}

TEST_F(CrdClientTest, NamesTheRightThatIsMissing) {
  const std::string of = " of customresourcedefinitions.apiextensions.k8s.io things.example.com";
  for (int i = 0; i < 4; ++i) Answer(403, kube::StatusJson(403, "Forbidden"));
  EXPECT_EQ(client_.Get(kName).error().detail, "HTTP 403: said so; needed: get" + of);
  EXPECT_EQ(client_.Put(kName, file_, nullptr, CrdClient::Apply::kForReal).error().detail,
            "HTTP 403: said so; needed: create and patch" + of);
  EXPECT_EQ(client_.Put(kName, file_, &live_, CrdClient::Apply::kForReal).error().detail,
            "HTTP 403: said so; needed: patch" + of);
  EXPECT_EQ(client_.Delete(live_).error().detail, "HTTP 403: said so; needed: delete" + of);
}

TEST_F(CrdClientTest, AnAnswerThatIsNoCrdIsInvalid) {
  Answer(200, "<html>");
  const auto crd = client_.Get(kName);
  ASSERT_FALSE(crd);
  EXPECT_EQ(crd.error().code, Errc::kInvalid);
  EXPECT_NE(crd.error().detail.find("the CRD things.example.com in the cluster: "),
            std::string::npos);
}

}  // namespace
}  // namespace stevedore::publish
