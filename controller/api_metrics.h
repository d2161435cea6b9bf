// Metrics of what goes to and from the API server.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "controller/mode.h"
#include "controller/source/kubernetes.h"
#include "proxy/base/metric_families.h"

namespace stevedore {

void AddWatchMetrics(MetricFamilies& out, const source::WatchReport& watch);
void AddLeadershipMetrics(MetricFamilies& out, const Leadership& leadership);
// Requests, statuses and events.
void AddClientMetrics(MetricFamilies& out, const ClientNumbers& client);
// The published Service.
void AddPortMetrics(MetricFamilies& out, const publish::PortNumbers& ports);

}  // namespace stevedore
