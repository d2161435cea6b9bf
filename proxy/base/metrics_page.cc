#include "proxy/base/metrics_page.h"

#include <prometheus/metric_family.h>
#include <prometheus/text_serializer.h>

#include <iterator>
#include <sstream>
#include <utility>

namespace stevedore {

HttpEndpoint::Handler MetricsPage(std::vector<std::shared_ptr<prometheus::Collectable>> sources) {
  return [sources = std::move(sources)](const std::string&) {
    std::vector<prometheus::MetricFamily> families;
    for (const auto& source : sources) {
      auto collected = source->Collect();
      std::move(collected.begin(), collected.end(), std::back_inserter(families));
    }
    std::ostringstream text;
    prometheus::TextSerializer().Serialize(text, families);
    return HttpReply{200, "text/plain; version=0.0.4; charset=utf-8", text.str()};
  };
}

}  // namespace stevedore
