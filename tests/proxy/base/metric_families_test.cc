#include "proxy/base/metric_families.h"

#include <gtest/gtest.h>
#include <prometheus/text_serializer.h>

#include <array>
#include <sstream>

namespace stevedore {
namespace {

std::string Text(MetricFamilies& families) {
  std::ostringstream out;
  prometheus::TextSerializer().Serialize(out, families.Take());
  return out.str();
}

TEST(MetricFamilies, GathersSamplesOfOneName) {
  MetricFamilies families;
  families.Count("b_total", "Things.", 2, {{"x", "1"}});
  families.Gauge("a", "Level.", 1.5);
  families.Count("b_total", "Things.", 3, {{"x", "2"}});
  EXPECT_EQ(Text(families),
            "# HELP a Level.\n# TYPE a gauge\na 1.5\n"
            "# HELP b_total Things.\n# TYPE b_total counter\n"
            "b_total{x=\"1\"} 2\nb_total{x=\"2\"} 3\n");
  EXPECT_EQ(Text(families), "") << "taken once";
}

TEST(MetricFamilies, AccumulatesHistogramBuckets) {
  MetricFamilies families;
  families.Histogram("d_seconds", "Duration.", {0.1, 1}, {4, 2, 1}, 3.5);
  EXPECT_EQ(Text(families),
            "# HELP d_seconds Duration.\n# TYPE d_seconds histogram\n"
            "d_seconds_count 7\nd_seconds_sum 3.5\n"
            "d_seconds_bucket{le=\"0.1\"} 4\nd_seconds_bucket{le=\"1\"} 6\n"
            "d_seconds_bucket{le=\"+Inf\"} 7\n");
  constexpr std::array kBounds = {0.1, 1.0};
  Histogram histogram(kBounds);
  histogram.Observe(0.5);
  families.Histogram("d_seconds", "Duration.", histogram, {{"x", "1"}});
  EXPECT_EQ(Text(families),
            "# HELP d_seconds Duration.\n# TYPE d_seconds histogram\n"
            "d_seconds_count{x=\"1\"} 1\nd_seconds_sum{x=\"1\"} 0.5\n"
            "d_seconds_bucket{x=\"1\",le=\"0.1\"} 0\nd_seconds_bucket{x=\"1\",le=\"1\"} 1\n"
            "d_seconds_bucket{x=\"1\",le=\"+Inf\"} 1\n");
}

}  // namespace
}  // namespace stevedore
