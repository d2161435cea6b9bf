#include "proxy/session/port_pool.h"

#include <gtest/gtest.h>

#include <map>
#include <memory>

#include "proxy/net/udp_socket.h"

namespace stevedore::session {
namespace {

class PortPoolTest : public testing::TestWithParam<bool> {
 protected:
  PortPool::Hooks Hooks() {
    return {[this](std::uint32_t slot, int fd) {
              if (refuse_) return false;
              open_[slot] = fd;
              return true;
            },
            [this](std::uint32_t slot, int fd) {
              EXPECT_EQ(open_.at(slot), fd);
              open_.erase(slot);
            }};
  }
  bool refuse_ = false;
  std::map<std::uint32_t, int> open_;
  std::unique_ptr<OwnPorts> own_ = std::make_unique<OwnPorts>();
  PortPool pool_{GetParam(), 4, *own_, Hooks()};
};

TEST_P(PortPoolTest, OpensOnFirstLeaseAndTellsThePort) {
  ASSERT_TRUE(pool_.Lease(0));
  EXPECT_EQ(pool_.size(), 1u);
  EXPECT_EQ(pool_.open_sockets(), 1u);
  EXPECT_EQ(open_.at(0), pool_.fd(0));
  EXPECT_NE(pool_.port(0), 0);
  EXPECT_EQ(net::LocalPort(pool_.fd(0)), pool_.port(0));
  EXPECT_EQ(net::Family(pool_.fd(0)), GetParam() ? AF_INET : AF_INET6);
  EXPECT_TRUE(own_->Holds(pool_.port(0)));
  const int fd = pool_.fd(0);
  ASSERT_TRUE(pool_.Lease(0));
  EXPECT_EQ(pool_.fd(0), fd) << "many leases, one socket";
  EXPECT_EQ(pool_.max_sockets(), 4u);
}

TEST_P(PortPoolTest, UnusedSocketsCloseAfterAMinute) {
  ASSERT_TRUE(pool_.Lease(0));
  ASSERT_TRUE(pool_.Lease(0));
  ASSERT_TRUE(pool_.Lease(1));
  const std::uint16_t port = pool_.port(0);
  pool_.Release(0, 1000, 0);
  pool_.CloseUnused(5000);
  EXPECT_EQ(pool_.open_sockets(), 2u) << "a lease is left";
  pool_.Release(0, 5000, 0);
  pool_.CloseUnused(5599);
  EXPECT_EQ(pool_.open_sockets(), 2u);
  pool_.CloseUnused(5600);
  EXPECT_EQ(pool_.open_sockets(), 1u);
  EXPECT_EQ(open_.count(0), 0u);
  EXPECT_LT(pool_.fd(0), 0);
  EXPECT_FALSE(own_->Holds(port));
  EXPECT_TRUE(pool_.Lease(0)) << "the slot opens again";
  EXPECT_EQ(pool_.open_sockets(), 2u);
}

TEST_P(PortPoolTest, AvoidsPortsOfListeners) {
  // Every second port is a listener's: the kernel offers some of them, the pool takes none.
  std::bitset<65536> ports;
  for (std::size_t port = 0; port < ports.size(); port += 2) ports.set(port);
  pool_.Avoid(ports);
  for (std::uint32_t slot = 0; slot < 4; ++slot) {
    ASSERT_TRUE(pool_.Lease(slot));
    EXPECT_FALSE(ports.test(pool_.port(slot)));
  }
}

TEST_P(PortPoolTest, GivesUpWhenEveryPortIsAListeners) {
  std::bitset<65536> ports;
  ports.set();
  pool_.Avoid(ports);
  EXPECT_FALSE(pool_.Lease(0));
  EXPECT_EQ(pool_.open_sockets(), 0u);
  const std::bitset<65536> none;
  pool_.Avoid(none);
  EXPECT_TRUE(pool_.Lease(0));
}

TEST_P(PortPoolTest, ARefusedSocketIsNotKept) {
  refuse_ = true;
  EXPECT_FALSE(pool_.Lease(0));
  EXPECT_EQ(pool_.open_sockets(), 0u);
  EXPECT_LT(pool_.fd(0), 0);
  refuse_ = false;
  EXPECT_TRUE(pool_.Lease(0));
}

TEST_P(PortPoolTest, TheDestructorClosesAll) {
  {
    PortPool pool(GetParam(), 2, *own_, Hooks());
    ASSERT_TRUE(pool.Lease(0));
    ASSERT_TRUE(pool.Lease(1));
    EXPECT_EQ(open_.size(), 2u);
  }
  EXPECT_TRUE(open_.empty());
}

INSTANTIATE_TEST_SUITE_P(Families, PortPoolTest, testing::Bool(),
                         [](const auto& family) { return family.param ? "v4" : "v6"; });

}  // namespace
}  // namespace stevedore::session
