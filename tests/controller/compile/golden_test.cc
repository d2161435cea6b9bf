// Manifests in, config and report lines out, compared with files: every folder below
// tests/golden/compile that holds manifests is a case. STEVEDORE_UPDATE_GOLDEN=1 rewrites the
// expected files.
// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "controller/compile/compiler.h"
#include "controller/compile/report_text.h"
#include "controller/source/manifests.h"
#include "controller/store/store.h"
#include "proxy/config/json_codec.h"
#include "proxy/config/validate.h"
#include "tests/controller/golden_file.h"

namespace stevedore::compile {
namespace {

constexpr const char* kRoot = "tests/golden/compile";

// options.txt: one flag per line; "cluster" stands for compiling as in a cluster.
CompileOptions ReadOptions(const std::string& directory) {
  CompileOptions options;
  options.directory_mode = true;
  options.static_peers = *ParseStaticPeers("any");
  std::ifstream file(directory + "/options.txt");
  for (std::string name, value; file >> name;) {
    if (name == "cluster") {
      options.directory_mode = false;
      continue;
    }
    file >> value;
    if (name == "static-peers") options.static_peers = *ParseStaticPeers(value);
    if (name == "listener-ports") options.listener_ports.push_back(*ParsePortGrant(value));
    if (name == "max-listeners") options.max_listeners = std::stoul(value);
    if (name == "hash-seed") options.hash_seed = std::stoul(value);
    if (name == "published-service")
      options.published_service = {value.substr(0, value.find('/')),
                                   value.substr(value.find('/') + 1)};
  }
  return options;
}

std::vector<std::string> Cases() {
  std::vector<std::string> cases;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(kRoot)) {
    if (!entry.is_directory()) continue;
    const auto files = source::ListManifests(entry.path().string());
    if (files && !files->empty())
      cases.push_back(std::filesystem::relative(entry.path(), kRoot).string());
  }
  std::sort(cases.begin(), cases.end());
  return cases;
}

std::vector<std::string> Manifests(const std::string& directory) {
  auto files = *source::ListManifests(directory);
  std::erase_if(files, [](const std::string& file) { return file.ends_with("/config.json"); });
  return files;
}

std::string WithoutDirectory(std::string line, const std::string& directory) {
  for (std::size_t at; (at = line.find(directory + "/")) != std::string::npos;)
    line.erase(at, directory.size() + 1);
  return line;
}

class Golden : public testing::TestWithParam<std::string> {};

TEST_P(Golden, GivesTheExpectedConfigAndReports) {
  const std::string directory = std::string(kRoot) + "/" + GetParam();
  const source::Manifests manifests = source::LoadManifests(Manifests(directory));
  store::Store store;
  Deliver(manifests, store);
  const CompileOutput output = Compile(*store.View(), ReadOptions(directory));

  std::string reports;
  for (const source::SourceProblem& problem : manifests.problems)
    reports += WithoutDirectory(problem.file + ": " + problem.message, directory) + "\n";
  for (const std::string& line : ProblemLines(output))
    reports += WithoutDirectory(line, directory) + "\n";
  ExpectFile(directory + "/config.json", config::Encode(output.config));
  ExpectFile(directory + "/reports.txt", reports);

  const auto validated = config::Validate(output.config);
  if (const auto* errors = std::get_if<config::FieldErrors>(&validated))
    for (const auto& error : *errors) ADD_FAILURE() << ToString(error);
}

INSTANTIATE_TEST_SUITE_P(Cases, Golden, testing::ValuesIn(Cases()), [](const auto& test) {
  std::string name = test.param;
  std::replace_if(
      name.begin(), name.end(), [](char c) { return !std::isalnum(c); }, '_');
  return name;
});

TEST(Examples, CompileWithoutAnyProblem) {
  const source::Manifests manifests = source::LoadManifests({"manifests/examples/local"});
  EXPECT_TRUE(manifests.problems.empty());
  store::Store store;
  Deliver(manifests, store);
  CompileOptions options;
  options.directory_mode = true;
  options.static_peers = *ParseStaticPeers("any");
  const CompileOutput output = Compile(*store.View(), options);
  EXPECT_EQ(ProblemLines(output), std::vector<std::string>{});
  ASSERT_EQ(output.config.listeners.size(), 2u);
  EXPECT_EQ(output.config.listeners[0].port, 2614);
  EXPECT_EQ(output.config.listeners[1].port, 7000);
  EXPECT_EQ(output.config.upstreams.size(), 3u);
}

}  // namespace
}  // namespace stevedore::compile
