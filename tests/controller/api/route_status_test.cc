#include "controller/api/route_status.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace stevedore::api {
namespace {

constexpr const char* kNow = "2026-01-02T00:00:00Z";

RouteStatus Sample() {
  RouteStatus status;
  status.observed_generation = 4;
  status.controller_name = "stevedore/stevedore";
  status.replicas_total = 2;
  status.replicas_programmed = 1;
  status.peer_summary = "2/3";
  status.port = 2614;
  status.owner = "game/kcp";
  status.attached_routes = 2;
  status.addresses = {{"IPAddress", "203.0.113.7", 2614, 30614}, {"Hostname", "lb.test", 53, 0}};
  status.upstreams = {{"a", 3, 2, 1, 1, false}, {"b", 1, 1, {}, 0, true}};
  status.conditions = {{"Accepted", "True", 4, kNow, "Accepted", ""},
                       {"Programmed", "False", 4, kNow, "BindFailed", "port is \"taken\"\n"}};
  return status;
}

TEST(RouteStatus, SurvivesEncodingAndDecoding) {
  EXPECT_EQ(DecodeStatus(EncodeWithStatus({"game", "kcp"}, "u", "7", Sample())), Sample());
  EXPECT_EQ(DecodeStatus(EncodeWithStatus({"game", "kcp"}, "", "", {})), RouteStatus{});
}

TEST(RouteStatus, IsEncodedAsTheApiServerTakesIt) {
  const auto json = nlohmann::json::parse(EncodeWithStatus({"game", "kcp"}, "u", "7", Sample()));
  const auto expected = nlohmann::json::parse(R"({
    "apiVersion": "stevedore.io/v1alpha1", "kind": "StevedoreRoute",
    "metadata": {"name": "kcp", "namespace": "game", "uid": "u", "resourceVersion": "7"},
    "status": {
      "observedGeneration": 4, "controllerName": "stevedore/stevedore",
      "replicas": {"total": 2, "programmed": 1}, "peerSummary": "2/3",
      "listener": {"port": 2614, "owner": "game/kcp", "attachedRoutes": 2, "addresses": [
        {"type": "IPAddress", "value": "203.0.113.7", "port": 2614, "nodePort": 30614},
        {"type": "Hostname", "value": "lb.test", "port": 53}]},
      "upstreams": [
        {"name": "a", "total": 3, "ready": 2, "healthy": 1, "draining": 1, "usingBackup": false},
        {"name": "b", "total": 1, "ready": 1, "draining": 0, "usingBackup": true}],
      "conditions": [
        {"type": "Accepted", "status": "True", "observedGeneration": 4,
         "lastTransitionTime": "2026-01-02T00:00:00Z", "reason": "Accepted", "message": ""},
        {"type": "Programmed", "status": "False", "observedGeneration": 4,
         "lastTransitionTime": "2026-01-02T00:00:00Z", "reason": "BindFailed",
         "message": "port is \"taken\"\n"}]}})");
  EXPECT_EQ(json, expected);
}

TEST(RouteStatus, LeavesOutWhatIsNotKnown) {
  RouteStatus status = Sample();
  status.port = 0;
  status.controller_name.clear();
  const auto json = nlohmann::json::parse(EncodeWithStatus({"game", "kcp"}, "", "", status));
  EXPECT_FALSE(json["status"].contains("listener"));
  EXPECT_FALSE(json["status"].contains("controllerName"));
  EXPECT_FALSE(json["metadata"].contains("uid"));
  EXPECT_FALSE(json["metadata"].contains("resourceVersion"));
}

TEST(RouteStatus, IsValidJsonWhateverBytesAMessageHolds) {
  RouteStatus status = Sample();
  status.conditions[0].message = "\xff\xfe";
  EXPECT_FALSE(nlohmann::json::parse(EncodeWithStatus({"n", "r"}, "", "", status), nullptr, false)
                   .is_discarded());
}

TEST(RouteStatus, ReadsWhatItCanOfAnOddStatus) {
  const char* const odd[] = {
      "",
      "{",
      "[]",
      "null",
      R"({"status": 7})",
      (R"({"status": {"observedGeneration": "4", "replicas": [], "listener": 1, "upstreams": {},)"
       R"( "conditions": "x", "peerSummary": null, "controllerName": {}}})"),
  };
  for (const char* const text : odd) EXPECT_EQ(DecodeStatus(text), RouteStatus{}) << text;
  const RouteStatus status = DecodeStatus(
      R"({"status": {"conditions": [7, {"type": "Accepted", "status": true, "newer": 1}],)"
      R"( "upstreams": [{"name": "a", "healthy": 0}]}})");
  ASSERT_EQ(status.conditions.size(), 2u);
  EXPECT_EQ(status.conditions[1].type, "Accepted");
  EXPECT_EQ(status.conditions[1].status, "");
  EXPECT_EQ(status.upstreams[0].healthy, 0);
}

TEST(SetCondition, ChangesTheTransitionTimeWithTheStatusOnly) {
  RouteStatus status;
  SetCondition(status, ConditionType::kAccepted, {ConditionStatus::kTrue, Reason::kAccepted, ""}, 1,
               "t1");
  SetCondition(status, ConditionType::kAccepted,
               {ConditionStatus::kTrue, Reason::kAccepted, "more"}, 2, "t2");
  const std::vector<Condition> kept = {{"Accepted", "True", 2, "t1", "Accepted", "more"}};
  EXPECT_EQ(status.conditions, kept);
  SetCondition(status, ConditionType::kAccepted, {ConditionStatus::kFalse, Reason::kInvalid, "x"},
               3, "t3");
  const std::vector<Condition> moved = {{"Accepted", "False", 3, "t3", "Invalid", "x"}};
  EXPECT_EQ(status.conditions, moved);
  // A condition that somebody wrote without a time gets one.
  status.conditions[0].last_transition_time.clear();
  SetCondition(status, ConditionType::kAccepted, {ConditionStatus::kFalse, Reason::kInvalid, "x"},
               3, "t4");
  EXPECT_EQ(status.conditions[0].last_transition_time, "t4");
}

TEST(SetCondition, CutsLongMessagesBetweenCharacters) {
  RouteStatus status;
  const auto message = [&](const std::string& text) {
    SetCondition(status, ConditionType::kConflicted,
                 {ConditionStatus::kTrue, Reason::kRuleShadowed, text}, 1, kNow);
    return status.conditions[0].message;
  };
  EXPECT_EQ(message(std::string(4096, 'x')), std::string(4096, 'x'));
  EXPECT_EQ(message(std::string(4097, 'x')), std::string(4092, 'x') + " ...");
  std::string umlauts = "x";
  for (int i = 0; i < 3000; ++i) umlauts += "\xc3\xbc";
  EXPECT_EQ(message(umlauts), umlauts.substr(0, 4091) + " ...");
}

TEST(RemoveCondition, RemovesTheOneOfItsType) {
  RouteStatus status = Sample();
  RemoveCondition(status, ConditionType::kConflicted);
  EXPECT_EQ(status.conditions.size(), 2u);
  RemoveCondition(status, ConditionType::kAccepted);
  ASSERT_EQ(status.conditions.size(), 1u);
  EXPECT_EQ(status.conditions[0].type, "Programmed");
}

}  // namespace
}  // namespace stevedore::api
