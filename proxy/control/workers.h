// Workers: what the control thread needs of the packet path's threads.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#include "proxy/base/result.h"
#include "proxy/runtime/snapshot_holder.h"
#include "proxy/worker/worker_pool.h"

namespace stevedore::control {

// As worker::WorkerPool, which says what each member means; tests have their own.
class Workers {
 public:
  virtual ~Workers() = default;
  virtual void Wake() noexcept = 0;
  virtual std::uint64_t OldestGeneration() const noexcept = 0;
  virtual std::vector<worker::WorkerGauges> Gauges() const = 0;
};

// Starts the threads. Lifetime: the holder outlives what is returned.
using StartWorkers = std::function<Result<std::unique_ptr<Workers>>(
    const worker::WorkerPoolOptions&, const runtime::SnapshotHolder&)>;

}  // namespace stevedore::control
