#include "proxy/base/query_string.h"

#include <gtest/gtest.h>

namespace stevedore {
namespace {

using Values = std::map<std::string, std::string>;

TEST(QueryString, IsTakenApart) {
  const std::pair<const char*, Values> cases[] = {
      {"", {}},
      {"a=1", {{"a", "1"}}},
      {"a=1&b=x%20y", {{"a", "1"}, {"b", "x y"}}},
      {"hex=01+02", {{"hex", "01 02"}}},
      {"client=%5Bfd00%3A%3A1%5d%3A5", {{"client", "[fd00::1]:5"}}},
      {"a", {{"a", ""}}},
      {"a=", {{"a", ""}}},
      {"=b", {{"", "b"}}},
      {"a=1=2", {{"a", "1=2"}}},
      {"&&a=1&", {{"a", "1"}}},
      {"a=1&a=2", {{"a", "2"}}},
      {"a=%", {{"a", "%"}}},
      {"a=%4", {{"a", "%4"}}},
      {"a=%zz%41", {{"a", "%zzA"}}},
      {"a=%4g", {{"a", "%4g"}}},
  };
  for (const auto& [query, values] : cases) EXPECT_EQ(ParseQuery(query), values) << query;
}

}  // namespace
}  // namespace stevedore
