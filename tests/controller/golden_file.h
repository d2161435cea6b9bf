// Files of expected output.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <gtest/gtest.h>

#include <cstdlib>
#include <string>

#include "proxy/base/file.h"

namespace stevedore {

// The file holds `actual`; with STEVEDORE_UPDATE_GOLDEN=1 it is made to.
inline void ExpectFile(const std::string& file, const std::string& actual) {
  if (std::getenv("STEVEDORE_UPDATE_GOLDEN") != nullptr) {
    ASSERT_TRUE(WriteFileAtomically(file, actual)) << file;
    return;
  }
  const auto expected = ReadFile(file);
  ASSERT_TRUE(expected) << expected.error().detail;
  EXPECT_EQ(actual, *expected) << "in " << file;
}

}  // namespace stevedore
