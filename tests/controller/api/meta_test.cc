#include "controller/api/meta.h"

#include <gtest/gtest.h>

namespace stevedore::api {
namespace {

kube::ObjectMeta Decode(const std::string& text) {
  Findings findings;
  Fields object(*Json::Parse(text), "", findings);
  return DecodeMeta(object);
}

TEST(Meta, ReadsEveryField) {
  const kube::ObjectMeta meta = Decode(
      R"({"metadata":{"name":"r","namespace":"n","uid":"u","resourceVersion":"9","generation":3,
      "creationTimestamp":"2026-01-01T00:00:00Z","deletionTimestamp":"2026-01-02T00:00:00Z",
      "labels":{"a":"b"},"managedFields":[{}]}})");
  EXPECT_EQ(meta.key().ToString(), "n/r");
  EXPECT_EQ(meta.uid, "u");
  EXPECT_EQ(meta.resource_version, "9");
  EXPECT_EQ(meta.generation, 3);
  EXPECT_EQ(meta.creation_timestamp, "2026-01-01T00:00:00Z");
  EXPECT_TRUE(meta.deleting);
  EXPECT_EQ(meta.labels.at("a"), "b");
}

TEST(Meta, AbsentIsEmpty) {
  const kube::ObjectMeta meta = Decode("{}");
  EXPECT_EQ(meta.name, "");
  EXPECT_FALSE(meta.deleting);
}

TEST(Meta, SameMetaComparesEveryField) {
  kube::ObjectMeta a;
  EXPECT_TRUE(SameMeta(a, a));
  kube::ObjectMeta b = a;
  b.resource_version = "1";
  EXPECT_FALSE(SameMeta(a, b));
  EXPECT_TRUE(SameButVersion(a, b));
  b = a;
  b.labels["x"] = "y";
  EXPECT_FALSE(SameMeta(a, b));
  EXPECT_FALSE(SameButVersion(a, b));
}

}  // namespace
}  // namespace stevedore::api
