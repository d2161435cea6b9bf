#include "proxy/runtime/hash_key.h"

#include <gtest/gtest.h>

#include "proxy/runtime/hash.h"

namespace stevedore::runtime {
namespace {

using config::Bytes;
using config::KeySource;
using config::SocketAddress;

const SocketAddress kClient = *SocketAddress::Parse("192.0.2.7:4660");
const Bytes kPayload = {10, 11, 12, 13, 14};

TEST(HashKey, BytesOfEachSource) {
  Bytes address(16, 0);
  address[10] = address[11] = 0xff;
  address[12] = 192, address[14] = 2, address[15] = 7;
  Bytes with_port = address;
  with_port.push_back(0x12);
  with_port.push_back(0x34);
  struct Case {
    config::HashKey key;
    Bytes bytes;
  };
  const Case cases[] = {{{KeySource::kPayload, 1, 4}, {11, 12, 13}},
                        {{KeySource::kPayload, 0, 5}, kPayload},
                        {{KeySource::kClientAddress, 0, 0}, address},
                        {{KeySource::kClientAddressPort, 0, 0}, with_port}};
  for (const Case& c : cases) {
    const HashKey key(c.key, 99);
    EXPECT_EQ(key.KeyBytes(kPayload, kClient), c.bytes);
    EXPECT_EQ(key.Hash(kPayload, kClient), Xxh64(c.bytes, 99));
  }
}

TEST(HashKey, ShortDatagramHasNone) {
  const HashKey key({KeySource::kPayload, 1, 6}, 0);
  EXPECT_FALSE(key.Hash(kPayload, kClient));
  EXPECT_FALSE(key.KeyBytes(kPayload, kClient));
  EXPECT_FALSE(key.Hash({}, kClient));
  const HashKey by_client({KeySource::kClientAddress, 0, 0}, 0);
  EXPECT_TRUE(by_client.Hash({}, kClient));
}

TEST(HashKey, SeedAndSourceCount) {
  const HashKey a({KeySource::kPayload, 0, 4}, 1);
  const HashKey b({KeySource::kPayload, 0, 4}, 2);
  EXPECT_NE(a.Hash(kPayload, kClient), b.Hash(kPayload, kClient));
  SocketAddress other = kClient;
  other.port = 4661;
  const HashKey address({KeySource::kClientAddress, 0, 0}, 1);
  const HashKey port({KeySource::kClientAddressPort, 0, 0}, 1);
  EXPECT_EQ(address.Hash({}, kClient), address.Hash({}, other));
  EXPECT_NE(port.Hash({}, kClient), port.Hash({}, other));
  EXPECT_EQ(a.Hash(kPayload, kClient), a.Hash(kPayload, other));
}

}  // namespace
}  // namespace stevedore::runtime
