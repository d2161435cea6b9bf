#include "controller/source/manifests.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

namespace stevedore::source {
namespace {

class TempDirectory {
 public:
  TempDirectory() {
    std::string pattern = testing::TempDir() + "manifests-XXXXXX";
    path_ = ::mkdtemp(pattern.data());
  }
  ~TempDirectory() { std::filesystem::remove_all(path_); }
  const std::string& path() const { return path_; }
  std::string Write(const std::string& name, const std::string& text) const {
    std::string file = path_ + "/" + name;
    std::ofstream(file) << text;
    return file;
  }

 private:
  std::string path_;
};

constexpr const char* kService = "apiVersion: v1\nkind: Service\nmetadata: {name: s}\n";

TEST(ParseManifests, TakesTheKindsItKnowsAndNoOthers) {
  const auto manifests = ParseManifests("f.yaml", R"(
apiVersion: stevedore.io/v1alpha1
kind: StevedoreRoute
metadata: {name: r, namespace: n}
---
{apiVersion: v1, kind: Service, metadata: {name: s}}
---
{apiVersion: discovery.k8s.io/v1, kind: EndpointSlice, metadata: {name: e}}
---
{apiVersion: v1, kind: Endpoints, metadata: {name: e}}
---
{apiVersion: v1, kind: ConfigMap, metadata: {name: c}}
---
{apiVersion: other.io/v1, kind: StevedoreRoute, metadata: {name: c}}
---
{apiVersion: serving.example.com/v1, kind: Service, metadata: {name: c}}
)");
  ASSERT_TRUE(manifests);
  EXPECT_TRUE(manifests->problems.empty());
  EXPECT_EQ(manifests->objects.size(), 4u);
  for (const auto& [kind, objects] : manifests->objects) EXPECT_EQ(objects.size(), 1u);
  const Object& route = manifests->objects.at(Kind::kRoute).at(0);
  EXPECT_EQ(route.key.ToString(), "n/r");
  EXPECT_EQ(route.origin, "f.yaml");
}

TEST(ParseManifests, SetsWhatTheApiServerWouldHaveSet) {
  const auto manifests = ParseManifests("f", kService);
  const Object& service = manifests->objects.at(Kind::kService).at(0);
  EXPECT_EQ(service.key.ToString(), "default/s");
  EXPECT_NE(service.json.find("\"generation\":1"), std::string::npos);
  EXPECT_NE(service.json.find("\"namespace\":\"default\""), std::string::npos);
}

TEST(ParseManifests, TakesListsApart) {
  for (const char* list : {"kind: List", "kind: ServiceList"}) {
    const auto manifests =
        ParseManifests("f", std::string("apiVersion: v1\n") + list +
                                "\nitems:\n- {apiVersion: v1, kind: Service, metadata: {name: a}}\n"
                                "- {apiVersion: v1, kind: Service, metadata: {name: b}}\n");
    EXPECT_EQ(manifests->objects.at(Kind::kService).size(), 2u) << list;
  }
}

TEST(ParseManifests, NamesObjectsWithoutIdentity) {
  for (const char* text :
       {"just text", "[1, 2]", "kind: Service\nmetadata: {name: a}",
        "apiVersion: v1\nkind: Service", "apiVersion: v1\nkind: Service\nmetadata: 7",
        "apiVersion: v1\nkind: Service\nmetadata: {name: \"a/b\"}",
        "apiVersion: v1\nkind: Service\nmetadata: {name: a, namespace: \"N\"}"}) {
    const auto manifests = ParseManifests("f", text);
    ASSERT_TRUE(manifests) << text;
    EXPECT_EQ(manifests->problems.size(), 1u) << text;
    EXPECT_TRUE(manifests->objects.empty()) << text;
  }
  EXPECT_FALSE(ParseManifests("f", "a: [1"));
}

TEST(LoadManifests, ReadsFilesAndDirectories) {
  const TempDirectory directory;
  directory.Write("b.yml", "apiVersion: v1\nkind: Service\nmetadata: {name: b}\n");
  directory.Write("a.json", R"({"apiVersion":"v1","kind":"Service","metadata":{"name":"a"}})");
  directory.Write("broken.yaml", "a: [");
  directory.Write("twice.yaml", "apiVersion: v1\nkind: Service\nmetadata: {name: a}\n");
  directory.Write(".hidden.yaml", kService);
  directory.Write("notes.txt", kService);
  std::filesystem::create_directory(directory.path() + "/sub.yaml");
  const TempDirectory other;
  const std::string file = other.Write("single.yaml", kService);
  const Manifests manifests = LoadManifests({directory.path(), file, "/nonexistent/x.yaml"});
  std::string keys;
  for (const Object& object : manifests.objects.at(Kind::kService)) keys += object.key.name + " ";
  EXPECT_EQ(keys, "a b s ");
  ASSERT_EQ(manifests.problems.size(), 3u);
  EXPECT_TRUE(manifests.problems[0].file.ends_with("broken.yaml"));
  EXPECT_NE(manifests.problems[1].message.find("is ignored: it stands in"), std::string::npos);
  EXPECT_EQ(manifests.problems[2].file, "/nonexistent/x.yaml");
}

class CountingSink : public Sink {
 public:
  void Replace(Kind kind, const std::string& scope, std::vector<Object> objects) override {
    EXPECT_EQ(scope, "");
    counts[kind] = objects.size();
  }
  void Apply(Kind, Object) override { FAIL(); }
  void Delete(Kind, const kube::Key&) override { FAIL(); }
  std::map<Kind, std::size_t> counts;
};

TEST(Deliver, ReplacesEveryKind) {
  CountingSink sink;
  Deliver(*ParseManifests("f", kService), sink);
  const std::map<Kind, std::size_t> expected = {
      {Kind::kRoute, 0}, {Kind::kService, 1}, {Kind::kEndpointSlice, 0}, {Kind::kEndpoints, 0}};
  EXPECT_EQ(sink.counts, expected);
}

}  // namespace
}  // namespace stevedore::source
