// Metrics of the sync loop.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "controller/sync_meter.h"
#include "proxy/base/metric_families.h"

namespace stevedore {

// Reconciles, configs, routes and the picture.
void AddSyncMetrics(MetricFamilies& out, const SyncNumbers& sync);
// The loop as controller-runtime's dashboards see a work queue. It has one item, the whole picture,
// which waits or does not.
void AddQueueMetrics(MetricFamilies& out, const SyncNumbers& sync);

}  // namespace stevedore
