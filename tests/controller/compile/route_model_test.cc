#include "controller/compile/route_model.h"

#include <gtest/gtest.h>

namespace stevedore::compile {
namespace {

TEST(RouteModel, TakesOverWhatARouteSays) {
  api::StevedoreRoute route;
  route.meta.ns = "game";
  route.meta.name = "kcp";
  route.meta.creation_timestamp = "2026-01-01T00:00:00Z";
  route.spec.priority = 7;
  route.spec.listener.port = 2614;
  route.spec.listener.max_tries = 4;
  route.spec.session.max_sessions = 9;
  route.spec.default_upstream = "a";
  api::UpstreamSpec upstream;
  upstream.name = "a";
  upstream.drain = config::Drain::kMove;
  upstream.primary.service = api::ServiceRef{"svc", api::PortRef("kcp")};
  upstream.backup = api::PeerSource{std::nullopt, {{"10.0.0.1", 1}}};
  route.spec.upstreams = {upstream};

  const RouteModel model = FromStevedoreRoute(route);
  EXPECT_EQ(model.key.ToString(), "game/kcp");
  EXPECT_EQ(model.created, "2026-01-01T00:00:00Z");
  EXPECT_EQ(model.priority, 7);
  EXPECT_EQ(model.port, 2614);
  EXPECT_EQ(model.tunables.max_tries, 4);
  EXPECT_EQ(model.tunables.max_sessions, 9);
  EXPECT_EQ(model.tunables.idle_timeout_seconds, std::nullopt);
  ASSERT_EQ(model.upstreams.size(), 1u);
  EXPECT_EQ(model.upstreams[0].policy.drain, config::Drain::kMove);
  EXPECT_EQ(model.upstreams[0].primary.service, (kube::Key{"game", "svc"}));
  EXPECT_EQ(model.upstreams[0].primary.port, api::PortRef("kcp"));
  EXPECT_EQ(model.upstreams[0].backup->peers.at(0).address, "10.0.0.1");
}

TEST(Names, TellWhereAThingCameFrom) {
  EXPECT_EQ(ListenerName("game", 2614, ""), "game/2614");
  EXPECT_EQ(ListenerName("game", 2614, "2001:db8::1"), "game/2614/2001:db8::1");
  EXPECT_EQ(ScopedName({"game", "kcp"}, "v1"), "game/kcp/v1");
}

}  // namespace
}  // namespace stevedore::compile
