// How many sockets sessions need: as many as the busiest peer has clients, whatever the number of
// peers.
#include <algorithm>

#include "tests/proxy/session/table_fixture.h"

namespace stevedore::session {
namespace {

constexpr std::uint32_t kPeers = 40;

TEST_F(TableFixture, SocketsAreAsManyAsTheBusiestPeerHasClients) {
  AddListener(0, Limits(10'000));
  for (std::uint32_t peer = 0; peer < kPeers; ++peer)
    AddPeer(peer, "10.0.0." + std::to_string(peer + 1) + ":7000");
  Make(10'000, 200);
  std::uint32_t client = 0;
  std::uint32_t busiest = 0;
  for (std::uint32_t peer = 0; peer < kPeers; ++peer) {
    const std::uint32_t clients = 20 + peer * 7 % 60;
    for (std::uint32_t i = 0; i < clients; ++i) ASSERT_NE(Create(client++, peer), kNoSession);
    busiest = std::max(busiest, clients);
    EXPECT_EQ(v4_->open_sockets(), busiest) << "with " << peer + 1 << " peers";
  }
  EXPECT_EQ(table_->size(), client);
  EXPECT_GT(client, 10 * busiest);
}

}  // namespace
}  // namespace stevedore::session
