#include "controller/publish/route_set.h"

#include <gtest/gtest.h>

namespace stevedore::publish {
namespace {

std::shared_ptr<const api::StevedoreRoute> Route(const std::string& uid, std::int64_t generation,
                                                 std::int64_t port = 1) {
  api::StevedoreRoute route;
  route.meta.uid = uid;
  route.meta.generation = generation;
  route.spec.listener.port = port;
  return std::make_shared<const api::StevedoreRoute>(route);
}

std::string DigestOf(Routes routes) { return MakeRouteSet(std::move(routes))->digest; }

TEST(RouteSet, IsToldByItsGenerations) {
  const std::string digest = DigestOf({{{"n", "a"}, Route("u", 1)}});
  EXPECT_EQ(digest.size(), 71u);
  api::StevedoreRoute touched = *Route("u", 1);
  touched.meta.resource_version = "77";
  touched.meta.labels["x"] = "y";
  EXPECT_EQ(DigestOf({{{"n", "a"}, std::make_shared<const api::StevedoreRoute>(touched)}}), digest);
  EXPECT_NE(DigestOf({{{"n", "a"}, Route("u", 2)}}), digest);
  EXPECT_NE(DigestOf({{{"n", "a"}, Route("v", 1)}}), digest) << "made anew";
  EXPECT_NE(DigestOf({{{"n", "b"}, Route("u", 1)}}), digest);
  EXPECT_NE(DigestOf({}), digest);
}

TEST(RouteSet, HasOnePictureHoweverRoutesAreJudged) {
  const Routes a = {{{"n", "a"}, Route("u", 1)}};
  const Routes b = {{{"n", "b"}, Route("v", 1)}};
  Routes both = a;
  both.insert(b.begin(), b.end());
  const auto all = MakeRouteSet(both);
  const auto some = MakeRouteSet(a, b);
  EXPECT_EQ(all->picture, some->picture);
  EXPECT_NE(all->digest, some->digest);
  EXPECT_EQ(some->refused, std::vector<std::string>{"n/b"});
  EXPECT_NE(MakeRouteSet(a)->picture, some->picture);
}

TEST(RouteSet, HoldsWhatHasTheSameSpec) {
  const auto running =
      MakeRouteSet({{{"n", "a"}, Route("u", 1, 1)}, {{"n", "b"}, Route("v", 1, 2)}});
  const auto now = MakeRouteSet({{{"n", "a"}, Route("u", 2, 1)},
                                 {{"n", "b"}, Route("v", 2, 3)},
                                 {{"n", "c"}, Route("w", 1, 4)}});
  EXPECT_EQ(HeldIn(*running, *now), (std::set<kube::Key>{{"n", "a"}}));
  EXPECT_EQ(HeldIn(*now, *now).size(), 3u);
}

}  // namespace
}  // namespace stevedore::publish
