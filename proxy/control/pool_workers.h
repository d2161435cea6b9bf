// The real Workers: a WorkerPool.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>

#include "proxy/control/workers.h"

namespace stevedore::control {

// A StartWorkers.
Result<std::unique_ptr<Workers>> StartPool(const worker::WorkerPoolOptions& options,
                                           const runtime::SnapshotHolder& holder);

}  // namespace stevedore::control
