#include "proxy/config/json_text.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <limits>
#include <nlohmann/json.hpp>
#include <random>
#include <vector>

namespace stevedore::config {
namespace {

// What a tree of the same values prints is the measure.
std::string Printed(const nlohmann::ordered_json& tree) {
  return tree.dump(2, ' ', false, nlohmann::json::error_handler_t::replace) + "\n";
}

TEST(JsonText, PrintsAsATreeWould) {
  JsonText out;
  out.OpenObject();
  out.Name("text").Value("plain");
  out.Name("big").Value(std::numeric_limits<std::uint64_t>::max());
  out.Name("small").Value(std::numeric_limits<std::int64_t>::min());
  out.Name("yes").Value(true);
  out.Name("none").OpenArray();
  out.CloseArray();
  out.Name("nothing").OpenObject();
  out.CloseObject();
  out.Name("list").OpenArray();
  out.Value(1);
  out.OpenObject();
  out.Name("a").Value(false);
  out.CloseObject();
  out.OpenArray();
  out.Value("x");
  out.CloseArray();
  out.CloseArray();
  out.CloseObject();
  const nlohmann::ordered_json tree = {{"text", "plain"},
                                       {"big", std::numeric_limits<std::uint64_t>::max()},
                                       {"small", std::numeric_limits<std::int64_t>::min()},
                                       {"yes", true},
                                       {"none", nlohmann::json::array()},
                                       {"nothing", nlohmann::json::object()},
                                       {"list", {1, {{"a", false}}, {"x"}}}};
  EXPECT_EQ(std::move(out).Take(), Printed(tree));
}

TEST(JsonText, NumbersReadBackTheSame) {
  std::mt19937_64 random(5);
  std::vector<double> numbers = {0, -0.5, 0.1, 1e300, 5e-324, 1'700'000'000.123456};
  for (int i = 0; i < 1'000; ++i) numbers.push_back(static_cast<double>(random()) / 1e6);
  JsonText out;
  out.OpenArray();
  for (const double number : numbers) out.Value(number);
  out.Null();
  out.CloseArray();
  const auto read = nlohmann::json::parse(std::move(out).Take());
  for (std::size_t i = 0; i < numbers.size(); ++i) EXPECT_EQ(read[i], numbers[i]);
  EXPECT_TRUE(read.back().is_null());
}

TEST(JsonText, PrintsAnyBytesAsATreeWould) {
  std::mt19937 random(5);
  for (int i = 0; i < 20'000; ++i) {
    std::string text(random() % 6, '\0');
    for (char& c : text) c = static_cast<char>(random() % 4 == 0 ? random() : 'a' + random() % 26);
    JsonText out;
    out.OpenArray();
    out.Value(text);
    out.CloseArray();
    ASSERT_EQ(std::move(out).Take(), Printed(nlohmann::ordered_json::array({text})));
  }
}

}  // namespace
}  // namespace stevedore::config
