#include "controller/store/store.h"

#include <gtest/gtest.h>

#include <thread>

namespace stevedore::store {
namespace {

using source::Kind;
using std::chrono::milliseconds;

source::Object Route(const std::string& ns, const std::string& name, int port = 1) {
  return {{ns, name},
          R"({"metadata":{"name":")" + name + R"(","namespace":")" + ns +
              R"("},"spec":{"listener":{"port":)" + std::to_string(port) +
              R"(},"defaultUpstream":"a","upstreams":[)"
              R"({"name":"a","serviceRef":{"name":"s","port":1}}]}})",
          "file.yaml"};
}

source::Object Slice(const std::string& name, const std::string& service) {
  return {{"n", name},
          R"({"metadata":{"labels":{"kubernetes.io/service-name":")" + service + R"("}}})",
          ""};
}

TEST(Store, OnlyDeleteAndReplaceRemove) {
  Store store;
  store.Replace(Kind::kRoute, "", {Route("a", "1"), Route("b", "2")});
  store.Apply(Kind::kRoute, Route("b", "3"));
  EXPECT_EQ(store.View()->routes.size(), 3u);
  store.Delete(Kind::kRoute, {"b", "3"});
  store.Delete(Kind::kRoute, {"b", "unknown"});
  EXPECT_EQ(store.View()->routes.size(), 2u);
  store.Replace(Kind::kRoute, "b", {});
  EXPECT_TRUE(store.View()->routes.contains({"a", "1"}));
  EXPECT_FALSE(store.View()->routes.contains({"b", "2"}));
  store.Replace(Kind::kRoute, "", {});
  EXPECT_TRUE(store.View()->routes.empty());
}

TEST(Store, AViewNeverChanges) {
  Store store;
  store.Apply(Kind::kRoute, Route("a", "1"));
  const auto before = store.View();
  store.Apply(Kind::kRoute, Route("a", "2"));
  EXPECT_EQ(before->routes.size(), 1u);
  EXPECT_EQ(store.View()->routes.size(), 2u);
  EXPECT_GT(store.View()->generation, before->generation);
}

TEST(Store, ViewsShareWhatDidNotChange) {
  Store store;
  store.Apply(Kind::kRoute, Route("a", "1"));
  const auto before = store.View();
  EXPECT_EQ(before, store.View());
  store.Apply(Kind::kRoute, Route("a", "2"));
  EXPECT_EQ(before->routes.at({"a", "1"}).object, store.View()->routes.at({"a", "1"}).object);
}

TEST(Store, TheSameObjectAgainIsNoChange) {
  Store store;
  for (const Kind kind : {Kind::kRoute, Kind::kService, Kind::kEndpointSlice, Kind::kEndpoints}) {
    store.Replace(kind, "", {Route("a", "1")});
    const auto generation = store.generation();
    store.Apply(kind, Route("a", "1"));
    store.Replace(kind, "", {Route("a", "1")});
    EXPECT_EQ(store.generation(), generation);
    store.Delete(kind, {"a", "1"});
    EXPECT_GT(store.generation(), generation);
  }
  store.Apply(Kind::kRoute, Route("a", "1", 1));
  const auto generation = store.generation();
  store.Apply(Kind::kRoute, Route("a", "1", 2));
  EXPECT_GT(store.generation(), generation);
}

TEST(Store, AWrittenStatusIsNoContent) {
  const auto route = [](const char* version, const char* summary) {
    source::Object object = Route("a", "1");
    object.json.insert(object.json.rfind('}'),
                       std::string(R"(,"status":{"peers":")") + summary + R"("})");
    object.json.insert(std::string(R"({"metadata":{)").size(),
                       std::string(R"("resourceVersion":")") + version + R"(",)");
    return object;
  };
  Store store;
  store.Apply(Kind::kRoute, route("1", "0/0"));
  const auto before = store.View();
  EXPECT_EQ(before->content, before->generation);
  store.Apply(Kind::kRoute, route("2", "1/1"));
  const auto after = store.View();
  EXPECT_GT(after->generation, before->generation);
  EXPECT_EQ(after->content, before->content);
  EXPECT_EQ(after->routes.at({"a", "1"}).object->meta.resource_version, "2");
  store.Delete(Kind::kRoute, {"a", "1"});
  EXPECT_GT(store.View()->content, before->content);
}

TEST(Store, ARouteThatCannotBeDecodedIsKeptWithItsErrors) {
  Store store;
  store.Apply(Kind::kRoute, Route("a", "good"));
  store.Apply(Kind::kRoute, {{"a", "bad"}, "{\"spec\":{}}", "bad.yaml"});
  store.Apply(Kind::kRoute, {{"a", "worse"}, "nonsense", "bad.yaml"});
  const auto view = store.View();
  EXPECT_TRUE(view->routes.at({"a", "good"}).object->findings.errors.empty());
  EXPECT_FALSE(view->routes.at({"a", "bad"}).object->findings.errors.empty());
  EXPECT_EQ(view->routes.at({"a", "worse"}).object->meta.key().ToString(), "a/worse");
  EXPECT_EQ(view->routes.at({"a", "worse"}).origin, "bad.yaml");
}

TEST(Store, WaitsForFurtherScopesToo) {
  Store store({"a"}, {{Kind::kService, "edge"}});
  for (const Kind kind : {Kind::kRoute, Kind::kService, Kind::kEndpointSlice})
    store.Replace(kind, "a", {});
  EXPECT_FALSE(store.Synced());
  store.Replace(Kind::kService, "edge", {});
  EXPECT_TRUE(store.Synced());
}

TEST(Store, IsSyncedWhenEveryKindWasListedInEveryScope) {
  Store store({"a", "b"});
  store.Apply(Kind::kRoute, Route("a", "1"));
  for (const char* scope : {"a", "b"}) {
    EXPECT_FALSE(store.Synced());
    store.Replace(Kind::kRoute, scope, {});
    store.Replace(Kind::kService, scope, {});
    EXPECT_FALSE(store.Synced());
    store.Replace(Kind::kEndpointSlice, scope, {});
  }
  EXPECT_TRUE(store.Synced());
}

TEST(Store, EndpointsMayStandForSlices) {
  Store store;
  store.Replace(Kind::kRoute, "", {});
  store.Replace(Kind::kService, "", {});
  const auto generation = store.generation();
  store.Replace(Kind::kEndpoints, "", {});
  EXPECT_TRUE(store.Synced());
  EXPECT_GT(store.generation(), generation);  // so that who waits looks again
}

TEST(Store, FindsTheSlicesOfAService) {
  Store store;
  store.Replace(Kind::kEndpointSlice, "", {Slice("s-2", "s"), Slice("s-1", "s"), Slice("x", "")});
  const auto view = store.View();
  ASSERT_EQ(view->slices_of.size(), 1u);
  const auto& slices = view->slices_of.at({"n", "s"});
  ASSERT_EQ(slices.size(), 2u);
  EXPECT_EQ(slices[0]->meta.name, "s-1");
}

TEST(Store, WaitersWakeForChangesAndWake) {
  Store store;
  EXPECT_EQ(store.WaitForChange(0, milliseconds(1)), 0u);
  std::thread writer([&] { store.Apply(Kind::kRoute, Route("a", "1")); });
  EXPECT_EQ(store.WaitForChange(0, milliseconds(60000)), 1u);
  writer.join();
  std::thread waker([&] { store.Wake(); });
  EXPECT_EQ(store.WaitForChange(1, milliseconds(60000)), 1u);
  waker.join();
}

TEST(Store, TellsWhenTheFirstNewsCame) {
  ManualClock clock;
  Store store({""}, {}, &clock);
  EXPECT_FALSE(store.NewsWaiting());
  EXPECT_FALSE(store.TakeNewsTime());
  store.Apply(Kind::kRoute, Route("a", "1"));
  const Nanos first = clock.Now();
  clock.Advance(milliseconds(5));
  store.Apply(Kind::kRoute, Route("a", "2"));
  EXPECT_TRUE(store.NewsWaiting());
  EXPECT_EQ(store.TakeNewsTime(), first);
  EXPECT_FALSE(store.TakeNewsTime());
  store.Apply(Kind::kRoute, Route("a", "2"));
  EXPECT_FALSE(store.NewsWaiting()) << "nothing has changed";
}

TEST(Store, CountsItsObjects) {
  Store store;
  store.Apply(Kind::kRoute, Route("a", "1"));
  store.Apply(Kind::kRoute, Route("a", "2"));
  store.Apply(Kind::kEndpointSlice, Slice("s", "game"));
  const auto counts = store.Counts();
  EXPECT_EQ(counts.at(Kind::kRoute), 2u);
  EXPECT_EQ(counts.at(Kind::kService), 0u);
  EXPECT_EQ(counts.at(Kind::kEndpointSlice), 1u);
  EXPECT_EQ(counts.at(Kind::kEndpoints), 0u);
}

TEST(Store, TakesWritersOfAllKindsAtOnce) {
  Store store;
  std::vector<std::thread> writers;
  for (int t = 0; t < 4; ++t)
    writers.emplace_back([&store, t] {
      const auto kind = static_cast<Kind>(t);
      for (int i = 0; i < 100; ++i) {
        store.Apply(kind, Route("a", std::to_string(i)));
        store.View();
      }
    });
  for (std::thread& writer : writers) writer.join();
  EXPECT_EQ(store.View()->routes.size(), 100u);
  EXPECT_EQ(store.View()->endpoints.size(), 100u);
  EXPECT_EQ(store.generation(), 400u);
}

}  // namespace
}  // namespace stevedore::store
