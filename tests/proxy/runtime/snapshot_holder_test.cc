#include "proxy/runtime/snapshot_holder.h"

#include <gtest/gtest.h>

#include <thread>
#include <vector>

namespace stevedore::runtime {
namespace {

std::shared_ptr<const Snapshot> Numbered(std::uint64_t generation) {
  auto snapshot = std::make_shared<Snapshot>();
  snapshot->generation = generation;
  return snapshot;
}

TEST(SnapshotHolder, EmptyBeforeTheFirst) {
  const SnapshotHolder holder;
  EXPECT_EQ(holder.generation(), 0u);
  EXPECT_EQ(holder.Latest(), nullptr);
}

TEST(SnapshotHolder, ReadersSeeGenerationsThatOnlyGrow) {
  SnapshotHolder holder;
  constexpr std::uint64_t kLast = 200;
  std::vector<std::thread> readers;
  for (int i = 0; i < 2; ++i)
    readers.emplace_back([&holder] {
      std::uint64_t seen = 0;
      while (seen < kLast) {
        if (holder.generation() == seen) {
          std::this_thread::yield();
          continue;
        }
        const auto snapshot = holder.Latest();
        ASSERT_GT(snapshot->generation, seen);
        seen = snapshot->generation;
      }
    });
  for (std::uint64_t g = 1; g <= kLast; ++g) holder.Publish(Numbered(g));
  for (std::thread& reader : readers) reader.join();
  EXPECT_EQ(holder.Latest()->generation, kLast);
}

TEST(SnapshotHolder, TheOldOneEndsWithItsLastReader) {
  SnapshotHolder holder;
  holder.Publish(Numbered(1));
  auto held = holder.Latest();
  const std::weak_ptr<const Snapshot> watched = held;
  holder.Publish(Numbered(2));
  EXPECT_FALSE(watched.expired());
  held.reset();
  EXPECT_TRUE(watched.expired());
}

}  // namespace
}  // namespace stevedore::runtime
