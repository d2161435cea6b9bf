#include "proxy/base/result.h"

#include <gtest/gtest.h>

#include <memory>

namespace stevedore {
namespace {

Result<int> Half(int n) {
  if (n % 2 != 0) return Error{Errc::kInvalid, "odd"};
  return n / 2;
}

TEST(Result, HoldsAValueOrAnError) {
  ASSERT_TRUE(Half(4));
  EXPECT_EQ(*Half(4), 2);
  const auto odd = Half(3);
  ASSERT_FALSE(odd);
  EXPECT_EQ(odd.error().code, Errc::kInvalid);
  EXPECT_EQ(odd.error().detail, "odd");
  EXPECT_TRUE(Ok());
}

TEST(Result, MovesWhatCannotBeCopied) {
  Result<std::unique_ptr<std::string>> made(std::make_unique<std::string>("x"));
  EXPECT_EQ((*made)->size(), 1u);
  const std::unique_ptr<std::string> taken = *std::move(made);
  EXPECT_EQ(*taken, "x");
}

TEST(Result, AnErrorAsAValueIsNotAFailure) {
  const Result<std::string> text(std::string("kInvalid"));
  ASSERT_TRUE(text);
  EXPECT_EQ(text->size(), 8u);
}

}  // namespace
}  // namespace stevedore
