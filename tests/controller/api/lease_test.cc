#include "controller/api/lease.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace stevedore::api {
namespace {

using Json = nlohmann::json;

constexpr const char* kServed = R"({
  "apiVersion": "coordination.k8s.io/v1", "kind": "Lease",
  "metadata": {"name": "stevedore-stevedore", "namespace": "edge", "uid": "u1",
               "resourceVersion": "42", "creationTimestamp": "2026-01-01T00:00:00Z",
               "finalizers": ["example.org/keep"], "managedFields": [{"manager": "x"}],
               "labels": {"app": "stevedore"}, "annotations": {"note": "n"},
               "ownerReferences": [
                 {"apiVersion": "apps/v1", "kind": "DaemonSet", "name": "d", "uid": "ud"},
                 {"apiVersion": "v1", "kind": "Pod", "name": "p", "uid": "up"}]},
  "spec": {"holderIdentity": "p_1", "leaseDurationSeconds": 15,
           "acquireTime": "2026-01-01T00:00:00.000000Z",
           "renewTime": "2026-01-01T00:00:09.500000Z", "leaseTransitions": 3,
           "strategy": "OldestEmulationVersion"}})";

TEST(Lease, IsDecoded) {
  const auto lease = DecodeLease(kServed);
  ASSERT_TRUE(lease);
  EXPECT_EQ(lease->key, (kube::Key{"edge", "stevedore-stevedore"}));
  EXPECT_EQ(lease->uid, "u1");
  EXPECT_EQ(lease->resource_version, "42");
  EXPECT_EQ(lease->holder, "p_1");
  EXPECT_EQ(lease->duration_seconds, 15);
  EXPECT_EQ(lease->acquire_time, "2026-01-01T00:00:00.000000Z");
  EXPECT_EQ(lease->renew_time, "2026-01-01T00:00:09.500000Z");
  EXPECT_EQ(lease->transitions, 3);
  EXPECT_EQ(lease->labels.at("app"), "stevedore");
  EXPECT_EQ(lease->annotations.at("note"), "n");
  EXPECT_EQ(lease->owner, (PodOwner{"p", "up"}));
}

TEST(Lease, KeepsWhatItDoesNotKnow) {
  Lease lease = *DecodeLease(kServed);
  lease.holder = "q_2";
  lease.transitions = 4;
  lease.annotations["more"] = "m";
  lease.labels.clear();
  Json expected = Json::parse(kServed);
  expected["metadata"].erase("managedFields");
  expected["metadata"].erase("labels");
  expected["metadata"]["annotations"]["more"] = "m";
  expected["spec"]["holderIdentity"] = "q_2";
  expected["spec"]["leaseTransitions"] = 4;
  EXPECT_EQ(Json::parse(EncodeLease(lease)), expected);
}

TEST(Lease, IsEncodedFromNothing) {
  Lease lease;
  lease.key = {"edge", "stevedore-pod-1"};
  lease.holder = "pod-1";
  lease.duration_seconds = 30;
  lease.renew_time = "2026-01-01T00:00:00.000000Z";
  lease.labels = {{"stevedore.io/replica", "pod-1"}};
  lease.owner = PodOwner{"pod-1", "up"};
  const Json expected = Json::parse(R"({
    "apiVersion": "coordination.k8s.io/v1", "kind": "Lease",
    "metadata": {"name": "stevedore-pod-1", "namespace": "edge",
                 "labels": {"stevedore.io/replica": "pod-1"},
                 "ownerReferences": [
                   {"apiVersion": "v1", "kind": "Pod", "name": "pod-1", "uid": "up"}]},
    "spec": {"holderIdentity": "pod-1", "leaseDurationSeconds": 30, "leaseTransitions": 0,
             "renewTime": "2026-01-01T00:00:00.000000Z"}})");
  EXPECT_EQ(Json::parse(EncodeLease(lease)), expected);
}

TEST(Lease, ChangesItsPodAndNoOtherOwner) {
  Lease lease = *DecodeLease(kServed);
  lease.owner = PodOwner{"p", "up-2"};
  const Json owners = Json::parse(EncodeLease(lease))["metadata"]["ownerReferences"];
  ASSERT_EQ(owners.size(), 2u);
  EXPECT_EQ(owners[0]["kind"], "DaemonSet");
  EXPECT_EQ(owners[1]["uid"], "up-2");
  lease.owner.reset();
  EXPECT_EQ(Json::parse(EncodeLease(lease))["metadata"]["ownerReferences"].size(), 2u);
}

TEST(Lease, MissingOrOddMembersKeepTheirDefaults) {
  const auto lease = DecodeLease(
      R"({"metadata": {"name": "l", "labels": 7, "ownerReferences": {}},
          "spec": {"holderIdentity": null, "leaseDurationSeconds": "15", "renewTime": 3}})");
  ASSERT_TRUE(lease);
  EXPECT_EQ(lease->holder, "");
  EXPECT_EQ(lease->duration_seconds, 0);
  EXPECT_EQ(lease->renew_time, "");
  EXPECT_TRUE(lease->labels.empty());
  EXPECT_FALSE(lease->owner);
}

TEST(Lease, TextWithoutANameIsNone) {
  for (const char* text : {"", "{", "[]", "null", "7", "{}", R"({"metadata": {"name": ""}})",
                           R"({"metadata": "name"})"}) {
    const auto lease = DecodeLease(text);
    ASSERT_FALSE(lease) << text;
    EXPECT_EQ(lease.error().code, Errc::kInvalid);
  }
}

}  // namespace
}  // namespace stevedore::api
