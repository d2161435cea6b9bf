// Inputs of other programs in, routes and lines out, compared with files: every folder of
// tests/golden/convert is a case. args.txt has the arguments, expected.yaml what is printed,
// expected.txt the lines on stderr and the exit code. STEVEDORE_UPDATE_GOLDEN=1 rewrites both.
// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>

#include "controller/convert/convert.h"
#include "proxy/base/file.h"
#include "tests/controller/golden_file.h"

namespace stevedore::convert {
namespace {

constexpr const char* kRoot = "tests/golden/convert";

std::vector<std::string> Cases() {
  std::vector<std::string> cases;
  for (const auto& entry : std::filesystem::directory_iterator(kRoot))
    if (entry.is_directory()) cases.push_back(entry.path().filename().string());
  std::sort(cases.begin(), cases.end());
  return cases;
}

ConvertOptions ReadArguments(const std::string& directory) {
  ConvertOptions options;
  std::ifstream file(directory + "/args.txt");
  for (std::string word, value; file >> word;) {
    if (word.starts_with("--")) file >> value;
    if (word == "--from")
      options.from = value;
    else if (word == "--namespace")
      options.default_ns = value;
    else if (word == "--class")
      options.class_name = value;
    else if (word == "--entry-point")
      options.entry_points.push_back(value);
    else
      options.files.push_back(word);
  }
  return options;
}

class Golden : public testing::TestWithParam<std::string> {};

TEST_P(Golden, GivesTheExpectedRoutesAndLines) {
  const std::string directory = std::string(kRoot) + "/" + GetParam();
  const ConvertOptions options = ReadArguments(directory);
  std::vector<Input> inputs;
  for (const std::string& file : options.files) {
    const auto text = ReadFile(directory + "/" + file);
    ASSERT_TRUE(text) << text.error().detail;
    inputs.push_back({file, *text});
  }
  const ConvertOutput output = Convert(inputs, options);
  std::string lines;
  for (const std::string& line : output.lines) lines += line + "\n";
  ExpectFile(directory + "/expected.yaml", output.routes);
  ExpectFile(directory + "/expected.txt", lines + "exit " + std::to_string(output.exit) + "\n");
}

INSTANTIATE_TEST_SUITE_P(Cases, Golden, testing::ValuesIn(Cases()), [](const auto& test) {
  std::string name = test.param;
  std::replace_if(
      name.begin(), name.end(), [](char c) { return !std::isalnum(c); }, '_');
  return name;
});

}  // namespace
}  // namespace stevedore::convert
