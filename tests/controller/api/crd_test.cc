#include "controller/api/crd.h"

#include <gtest/gtest.h>

#include "tests/controller/api/crd_sample.h"

namespace stevedore::api {
namespace {

using Json = nlohmann::json;

TEST(DecodeCrd, ReadsALiveOne) {
  const auto crd = DecodeCrd(LiveCrdSample().dump());
  ASSERT_TRUE(crd) << crd.error().detail;
  EXPECT_EQ(crd->meta.name, "things.example.com");
  EXPECT_EQ(crd->meta.uid, "u1");
  EXPECT_EQ(crd->meta.resource_version, "77");
  EXPECT_EQ(crd->meta.generation, 5);
  EXPECT_FALSE(crd->meta.deleting);
  EXPECT_EQ(crd->schema, 3);
  EXPECT_EQ(crd->kind, "Thing");
  EXPECT_EQ(crd->versions, std::vector<std::string>{"v1"});
  EXPECT_TRUE(crd->established);
  EXPECT_EQ(crd->obstacle, "");
}

TEST(DecodeCrd, ReadsAFile) {
  const auto crd = DecodeCrd(CrdFileSample("").dump());
  ASSERT_TRUE(crd) << crd.error().detail;
  EXPECT_EQ(crd->schema, std::nullopt);
  EXPECT_FALSE(crd->established);
}

TEST(DecodeCrd, TellsWhyItIsNotServed) {
  Json json = LiveCrdSample();
  json["metadata"]["deletionTimestamp"] = "2026-01-01T00:00:00Z";
  json["status"]["conditions"] = {
      {{"type", "NamesAccepted"}, {"status", "False"}, {"message", "\"thing\" is in use"}},
      {{"type", "Established"}, {"status", "False"}}};
  const auto crd = DecodeCrd(json.dump());
  ASSERT_TRUE(crd);
  EXPECT_TRUE(crd->meta.deleting);
  EXPECT_FALSE(crd->established);
  EXPECT_EQ(crd->obstacle, "\"thing\" is in use");
}

TEST(DecodeCrd, RefusesWhatIsNoCrd) {
  const auto changed = [](const char* pointer, const Json& value) {
    Json json = CrdFileSample();
    json[Json::json_pointer(pointer)] = value;
    return json.dump();
  };
  const std::string annotation = "/metadata/annotations/stevedore.io~1schema";
  const std::pair<std::string, std::string> table[] = {
      {"{", ""},
      {"[]", "not a CustomResourceDefinition"},
      {changed("/kind", "StevedoreRoute"), "not a CustomResourceDefinition"},
      {changed("/apiVersion", "apiextensions.k8s.io/v1beta1"), "not a CustomResourceDefinition"},
      {changed("/metadata/name", nullptr), "metadata.name is missing"},
      {changed("/spec", nullptr), "spec.versions is empty"},
      {changed("/spec/versions", Json::array()), "spec.versions is empty"},
      {changed(annotation.c_str(), "two"), "annotation stevedore.io/schema is \"two\""},
      {changed(annotation.c_str(), "2x"), "must be an integer of 0 or more"},
      {changed(annotation.c_str(), "-1"), "must be an integer of 0 or more"},
      {changed(annotation.c_str(), ""), "must be an integer of 0 or more"},
      {changed(annotation.c_str(), 2), "in quotes"},
  };
  for (const auto& [text, message] : table) {
    const auto crd = DecodeCrd(text);
    ASSERT_FALSE(crd) << text;
    EXPECT_EQ(crd.error().code, Errc::kInvalid) << text;
    EXPECT_NE(crd.error().detail.find(message), std::string::npos) << crd.error().detail;
  }
}

TEST(EncodeCrd, IsForTheVeryState) {
  const std::string file = CrdFileSample().dump();
  const auto live = DecodeCrd(LiveCrdSample().dump());
  ASSERT_TRUE(live);
  const Json encoded = Json::parse(EncodeCrd(file, &*live));
  const Json metadata = {{"name", "things.example.com"},
                         {"annotations", {{"stevedore.io/schema", "3"}}},
                         {"uid", "u1"},
                         {"resourceVersion", "77"}};
  EXPECT_EQ(encoded["metadata"], metadata);
  EXPECT_EQ(encoded["spec"], CrdFileSample()["spec"]);
  EXPECT_EQ(encoded["kind"], "CustomResourceDefinition");
  EXPECT_EQ(encoded["apiVersion"], "apiextensions.k8s.io/v1");
}

TEST(EncodeCrd, IsForNoneThatIsThere) {
  const Json metadata = Json::parse(EncodeCrd(CrdFileSample().dump(), nullptr))["metadata"];
  EXPECT_EQ(metadata["resourceVersion"], "1");
  EXPECT_FALSE(metadata.contains("uid"));
}

TEST(EncodeCrd, LeavesOutWhatIsTheServers) {
  Json file = LiveCrdSample();
  file["metadata"]["labels"]["team"] = "net";
  const Json encoded = Json::parse(EncodeCrd(file.dump(), nullptr));
  EXPECT_FALSE(encoded.contains("status"));
  EXPECT_FALSE(encoded["metadata"].contains("managedFields"));
  EXPECT_FALSE(encoded["metadata"].contains("generation"));
  EXPECT_EQ(encoded["metadata"]["labels"]["team"], "net");
}

TEST(CheckOurs, KnowsItsOwn) {
  const auto ours = DecodeCrd(CrdFileSample().dump());
  ASSERT_TRUE(ours);
  Json other = LiveCrdSample("");
  const auto check = [&ours](const Json& live) {
    const auto crd = DecodeCrd(live.dump());
    const auto checked = crd ? CheckOurs(*crd, *ours) : Result<>(crd.error());
    return checked ? "" : checked.error().detail;
  };
  EXPECT_EQ(check(other), "") << "ours from before the annotation";
  other["spec"]["versions"].push_back({{"name", "v9"}});
  EXPECT_NE(check(other).find("a version v9, which is unknown here"), std::string::npos);
  other = LiveCrdSample("");
  other["spec"]["names"]["kind"] = "Thong";
  EXPECT_NE(check(other).find("its kind is Thong, not Thing"), std::string::npos);
  other["metadata"]["annotations"]["stevedore.io/schema"] = "2";
  EXPECT_EQ(check(other), "") << "the annotation says whose it is";
}

TEST(IsNewer, ComparesNumbers) {
  const auto of = [](const std::string& schema) {
    return *DecodeCrd(LiveCrdSample(schema).dump());
  };
  EXPECT_TRUE(IsNewer(of("10"), of("9")));
  EXPECT_FALSE(IsNewer(of("9"), of("10")));
  EXPECT_FALSE(IsNewer(of("9"), of("9")));
  EXPECT_FALSE(IsNewer(of(""), of("0")));
  EXPECT_TRUE(IsNewer(of("0"), of("")));
}

}  // namespace
}  // namespace stevedore::api
