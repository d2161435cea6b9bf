#include "proxy/base/metrics_page.h"

#include <gtest/gtest.h>
#include <prometheus/metric_family.h>

namespace stevedore {
namespace {

class Fixed final : public prometheus::Collectable {
 public:
  explicit Fixed(std::string name) : name_(std::move(name)) {}
  std::vector<prometheus::MetricFamily> Collect() const override {
    prometheus::ClientMetric metric;
    metric.label = {{"listener", "a\"b"}};
    metric.counter.value = ++calls_;
    return {{name_, "Help.", prometheus::MetricType::Counter, {metric}}};
  }

 private:
  std::string name_;
  mutable int calls_ = 0;
};

TEST(MetricsPage, JoinsItsSourcesAtEveryScrape) {
  const auto page =
      MetricsPage({std::make_shared<Fixed>("x_total"), std::make_shared<Fixed>("y_total")});
  const HttpReply first = page("");
  EXPECT_EQ(first.status, 200u);
  EXPECT_EQ(first.content_type, "text/plain; version=0.0.4; charset=utf-8");
  EXPECT_NE(first.body.find("# HELP x_total Help.\n# TYPE x_total counter\n"), std::string::npos);
  EXPECT_NE(first.body.find("x_total{listener=\"a\\\"b\"} 1"), std::string::npos) << first.body;
  EXPECT_NE(first.body.find("y_total{"), std::string::npos);
  EXPECT_NE(page("").body.find("x_total{listener=\"a\\\"b\"} 2"), std::string::npos);
}

TEST(MetricsPage, WithoutSourcesIsEmpty) { EXPECT_EQ(MetricsPage({})("").body, ""); }

}  // namespace
}  // namespace stevedore
