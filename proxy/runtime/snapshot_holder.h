// SnapshotHolder: hands snapshots from the control thread to the workers.
// A generation counter, a mutex and a copy per thread: std::atomic<std::shared_ptr> races under
// TSan with gcc 12.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <memory>
#include <mutex>

#include "proxy/runtime/snapshot.h"

namespace stevedore::runtime {

// Thread: Publish() on one, Readers on any, each on its own.
class SnapshotHolder {
 public:
  void Publish(std::shared_ptr<const Snapshot> snapshot) {
    const std::lock_guard lock(mutex_);
    latest_ = std::move(snapshot);
    generation_.store(latest_->generation, std::memory_order_release);
  }
  std::shared_ptr<const Snapshot> Latest() const {
    const std::lock_guard lock(mutex_);
    return latest_;
  }
  // Generation of the latest snapshot; 0 before the first. One load: cheap enough for every batch.
  std::uint64_t generation() const noexcept { return generation_.load(std::memory_order_acquire); }

 private:
  mutable std::mutex mutex_;
  std::shared_ptr<const Snapshot> latest_;
  std::atomic<std::uint64_t> generation_{0};
};

}  // namespace stevedore::runtime
