#include "proxy/base/version.h"

#include <gtest/gtest.h>

#include <string>

namespace stevedore {
namespace {

TEST(Version, IsSet) {
  EXPECT_NE(std::string(Version()).find('.'), std::string::npos);
  EXPECT_FALSE(std::string(Revision()).empty());
}

}  // namespace
}  // namespace stevedore
