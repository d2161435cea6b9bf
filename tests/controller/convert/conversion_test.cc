#include "controller/convert/conversion.h"

#include <gtest/gtest.h>

namespace stevedore::convert {
namespace {

TEST(Place, NamesFieldsBelowIt) {
  const Place object{"f.yaml", "Kind ns/name", ""};
  EXPECT_EQ(object.Field("spec").field, "spec");
  EXPECT_EQ(object.Field("spec").Field("port").field, "spec.port");
  EXPECT_EQ(object.Field("spec").Item("upstreams", 2).Field("name").field,
            "spec.upstreams[2].name");
  EXPECT_EQ(object.Field("data").Field("53").field, "data[\"53\"]");
  EXPECT_EQ(object.Field("data").Field("a.b").field, "data[\"a.b\"]");
  EXPECT_EQ(object.Field("spec").ToString(), "f.yaml: Kind ns/name: spec");
  EXPECT_EQ(object.Field("spec").file, "f.yaml");
  EXPECT_EQ(object.Field("spec").object, "Kind ns/name");
}

TEST(Finding, IsOneLineOfItsParts) {
  EXPECT_EQ(ToString({{"f.yaml", "Kind ns/name", "spec.port"}, "5", "why"}),
            "f.yaml: Kind ns/name: spec.port: 5: why");
  EXPECT_EQ(ToString({{"f.yaml", "", ""}, "", "why"}), "f.yaml: why");
  EXPECT_EQ(ToString({{}, "", "why"}), "why");
  EXPECT_EQ(ToString({{"a\nb", "", "x\x1b[2J"}, "\"\t\"", "why"}), "a?b: x?[2J: \"?\": why");
}

TEST(Draft, SaysWhereItListens) {
  Draft draft;
  draft.ListenAt("192.0.2.7");
  EXPECT_EQ(draft.spec.listener.address, "192.0.2.7");
  EXPECT_EQ(draft.decisions, std::vector<std::string>{"At 192.0.2.7 alone, which the proxy's host "
                                                      "has to have (host network)."});
}

}  // namespace
}  // namespace stevedore::convert
