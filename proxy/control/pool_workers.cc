#include "proxy/control/pool_workers.h"

#include <utility>

namespace stevedore::control {
namespace {

class PoolWorkers final : public Workers {
 public:
  explicit PoolWorkers(std::unique_ptr<worker::WorkerPool> pool) : pool_(std::move(pool)) {}
  void Wake() noexcept override { pool_->Wake(); }
  std::uint64_t OldestGeneration() const noexcept override { return pool_->OldestGeneration(); }
  std::vector<worker::WorkerGauges> Gauges() const override { return pool_->Gauges(); }

 private:
  std::unique_ptr<worker::WorkerPool> pool_;
};

}  // namespace

Result<std::unique_ptr<Workers>> StartPool(const worker::WorkerPoolOptions& options,
                                           const runtime::SnapshotHolder& holder) {
  auto pool = worker::WorkerPool::Start(options, holder);
  if (!pool) return pool.error();
  return std::unique_ptr<Workers>(std::make_unique<PoolWorkers>(std::move(*pool)));
}

}  // namespace stevedore::control
