#include "proxy/session/own_ports.h"

#include <gtest/gtest.h>

#include <memory>

namespace stevedore::session {
namespace {

TEST(OwnPorts, CountsPerPort) {
  const auto ports = std::make_unique<OwnPorts>();
  EXPECT_FALSE(ports->Holds(0) || ports->Holds(65535));
  ports->Add(65535);
  ports->Add(65535);
  ports->Remove(65535);
  EXPECT_TRUE(ports->Holds(65535)) << "the other family's pool still holds it";
  ports->Remove(65535);
  EXPECT_FALSE(ports->Holds(65535));
}

}  // namespace
}  // namespace stevedore::session
