#include "proxy/control/pool_workers.h"

#include <gtest/gtest.h>

#include "proxy/runtime/snapshot_builder.h"
#include "tests/proxy/report/sample.h"
#include "tests/proxy/worker/rig.h"

namespace stevedore::control {
namespace {

TEST(PoolWorkers, TakeWhatIsPublished) {
  runtime::SnapshotHolder holder;
  auto workers = StartPool({2, 128, 128}, holder);
  ASSERT_TRUE(workers);
  EXPECT_EQ((*workers)->OldestGeneration(), 0u);
  EXPECT_EQ((*workers)->Gauges().size(), 2u);

  runtime::Registry registry(2);
  runtime::SnapshotBuilder builder(registry);
  const config::ValidConfig config = Valid(ConfigText(""));
  builder.Register({config, {}, Nanos{0}});
  for (std::uint64_t generation = 1; generation <= 3; ++generation) {
    holder.Publish(builder.Build({config, {}, Nanos{0}}));
    (*workers)->Wake();
    EXPECT_TRUE(worker::Eventually([&] { return (*workers)->OldestGeneration() == generation; }));
  }
}

}  // namespace
}  // namespace stevedore::control
