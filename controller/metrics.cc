#include "controller/metrics.h"

#include "controller/api_metrics.h"
#include "controller/sync_metrics.h"

namespace stevedore {

ControllerNumbers ReadNumbers(SyncNumbers sync, const Mode& mode, const std::string& class_name) {
  return {std::move(sync), mode.Watches(),      mode.leadership(),
          mode.client(),   mode.port_numbers(), class_name};
}

std::vector<prometheus::MetricFamily> ControllerMetrics::Collect() const {
  const ControllerNumbers numbers = read_();
  MetricFamilies out;
  out.Gauge("stevedore_controller_info", "The class of routes that this controller serves.", 1,
            {{"class", numbers.class_name}});
  AddSyncMetrics(out, numbers.sync);
  AddQueueMetrics(out, numbers.sync);
  for (const source::WatchReport& watch : numbers.watches) AddWatchMetrics(out, watch);
  if (numbers.leadership) AddLeadershipMetrics(out, *numbers.leadership);
  if (numbers.client) AddClientMetrics(out, *numbers.client);
  if (numbers.ports) AddPortMetrics(out, *numbers.ports);
  return out.Take();
}

}  // namespace stevedore
