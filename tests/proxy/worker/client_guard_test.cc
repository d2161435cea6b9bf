#include "proxy/worker/client_guard.h"

#include <gtest/gtest.h>

#include <memory>
#include <utility>
#include <vector>

#include "proxy/config/cidr.h"

namespace stevedore::worker {
namespace {

using config::Cidr;
using config::IpAddress;
using runtime::UpDrop;

runtime::ListenerEntry Entry(bool lists, bool limit) {
  runtime::ListenerEntry entry;
  if (lists)
    entry.access =
        std::make_shared<runtime::AccessList>(std::vector<Cidr>{*Cidr::Parse("10.0.0.0/8")},
                                              std::vector<Cidr>{*Cidr::Parse("10.9.0.0/16")});
  if (limit) entry.rate = {1'000'000'000, 2'000'000'000};  // one a second, two at once
  entry.guarded = lists || limit;
  return entry;
}

ClientGuard GuardOf(const runtime::ListenerEntry& entry) {
  runtime::Snapshot snapshot;
  snapshot.listeners.push_back(entry);
  ClientGuard guard;
  guard.Apply(snapshot);
  guard.SetTime(std::chrono::seconds(10));
  return guard;
}

TEST(ClientGuard, AppliesTheLists) {
  const auto entry = Entry(true, false);
  ClientGuard guard = GuardOf(entry);
  for (int i = 0; i < 5; ++i) {
    EXPECT_EQ(guard.Refuses(entry, *IpAddress::Parse("10.1.0.1")), std::nullopt);
    EXPECT_EQ(guard.Refuses(entry, *IpAddress::Parse("10.9.0.1")), UpDrop::kNotAllowed);
    EXPECT_EQ(guard.Refuses(entry, *IpAddress::Parse("2001:db8::1")), UpDrop::kNotAllowed);
  }
}

TEST(ClientGuard, AppliesTheLimitByItsOwnTime) {
  const auto entry = Entry(false, true);
  ClientGuard guard = GuardOf(entry);
  const IpAddress client = *IpAddress::Parse("192.0.2.1");
  EXPECT_EQ(guard.Refuses(entry, client), std::nullopt);
  EXPECT_EQ(guard.Refuses(entry, client), std::nullopt);
  EXPECT_EQ(guard.Refuses(entry, client), UpDrop::kRateLimited);
  guard.SetTime(std::chrono::seconds(11));
  EXPECT_EQ(guard.Refuses(entry, client), std::nullopt);
  EXPECT_EQ(guard.Refuses(entry, client), UpDrop::kRateLimited);
}

TEST(ClientGuard, WhoIsNotLetInTakesNoTokens) {
  auto entry = Entry(true, true);
  ClientGuard guard = GuardOf(entry);
  const IpAddress client = *IpAddress::Parse("10.9.0.1");
  for (int i = 0; i < 5; ++i) EXPECT_EQ(guard.Refuses(entry, client), UpDrop::kNotAllowed);
  entry.access = nullptr;
  EXPECT_EQ(guard.Refuses(entry, client), std::nullopt);
  EXPECT_EQ(guard.Refuses(entry, client), std::nullopt);
  EXPECT_EQ(guard.Refuses(entry, client), UpDrop::kRateLimited);
}

TEST(ClientGuard, ALimitHoldsOverReloads) {
  const auto entry = Entry(false, true);
  ClientGuard guard = GuardOf(entry);
  const IpAddress client = *IpAddress::Parse("192.0.2.1");
  while (guard.Refuses(entry, client) == std::nullopt) continue;
  runtime::Snapshot next;
  next.listeners.push_back(entry);
  guard.Apply(next);
  EXPECT_EQ(guard.Refuses(entry, client), UpDrop::kRateLimited);
}

}  // namespace
}  // namespace stevedore::worker
