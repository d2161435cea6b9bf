#include "proxy/runtime/hash.h"

#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

namespace stevedore::runtime {
namespace {

std::uint64_t OfText(std::string_view text, std::uint64_t seed) {
  return Xxh64({reinterpret_cast<const std::uint8_t*>(text.data()), text.size()}, seed);
}

TEST(Xxh64, PublishedVectors) {
  EXPECT_EQ(OfText("", 0), 0xef46db3751d8e999ull);
  EXPECT_EQ(OfText("a", 0), 0xd24ec4f1a98c6e5bull);
  EXPECT_EQ(OfText("abc", 0), 0x44bc2cf5ad770999ull);
  EXPECT_EQ(OfText("Nobody inspects the spammish repetition", 0), 0xfbcea83c8a378bf1ull);
}

// The sanity buffer of the reference implementation (xxHash, tests/sanity_test): byte i is the top
// byte of a generator that multiplies by a prime.
TEST(Xxh64, SanityBufferOfTheReferenceImplementation) {
  constexpr std::uint64_t kPrime32 = 2654435761u;
  constexpr std::uint64_t kPrime64 = 11400714785074694797ull;
  std::vector<std::uint8_t> buffer(222);
  std::uint64_t generator = kPrime32;
  for (std::uint8_t& byte : buffer) {
    byte = static_cast<std::uint8_t>(generator >> 56);
    generator *= kPrime64;
  }
  struct Case {
    std::size_t length;
    std::uint64_t seed;
    std::uint64_t hash;
  };
  const Case cases[] = {
      {0, 0, 0xef46db3751d8e999ull},          {0, kPrime32, 0xac75fda2929b17efull},
      {1, 0, 0xe934a84adb052768ull},          {1, kPrime32, 0x5014607643a9b4c3ull},
      {4, 0, 0x9136a0dca57457eeull},          {14, 0, 0x8282dcc4994e35c8ull},
      {14, kPrime32, 0xc3bd6bf63deb6df0ull},  {222, 0, 0xb641ae8cb691c174ull},
      {222, kPrime32, 0x20cb8ab7ae10c14aull},
  };
  for (const Case& c : cases)
    EXPECT_EQ(Xxh64({buffer.data(), c.length}, c.seed), c.hash) << c.length << " " << c.seed;
}

}  // namespace
}  // namespace stevedore::runtime
