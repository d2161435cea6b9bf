// WorkerPool: the threads of the packet path.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "proxy/base/result.h"
#include "proxy/runtime/snapshot_holder.h"

namespace stevedore::worker {

struct WorkerPoolOptions {
  unsigned workers = 1;
  std::uint64_t max_sessions = 262'144;    // of the process, shared equally among the workers
  std::uint64_t key_table_size = 262'144;  // entries of the Key affinity table
  bool segments = true;                    // segmented sends, see net/segmentation.h
};

// What a worker tells about itself, at some recent moment.
struct WorkerGauges {
  std::uint64_t sessions = 0;
  std::uint64_t pool_sockets = 0;
  double busy_seconds = 0;  // CPU time of the thread
};

// Thread: one owner (the control thread), but for Gauges(), which any thread may call. Lifetime:
// `holder` outlives it.
class WorkerPool {
 public:
  // Starts the threads; they wait for the first snapshot. Errors: no memory, no descriptors.
  static Result<std::unique_ptr<WorkerPool>> Start(const WorkerPoolOptions& options,
                                                   const runtime::SnapshotHolder& holder);
  // Stops and joins. What was received is forwarded first, sessions and pool sockets are closed.
  ~WorkerPool();
  WorkerPool(const WorkerPool&) = delete;
  WorkerPool& operator=(const WorkerPool&) = delete;

  // Tells the workers to look for a new snapshot. Call after every Publish().
  void Wake() noexcept;

  // The oldest generation that a worker may still be using: counters of listeners that no later
  // snapshot names have their final value once this is later than the last one that named them.
  std::uint64_t OldestGeneration() const noexcept;

  std::vector<WorkerGauges> Gauges() const;

 private:
  struct Impl;
  explicit WorkerPool(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace stevedore::worker
