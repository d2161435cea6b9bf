// Every line of the golden inputs gone, or with a value that nobody expects: whatever comes, the
// exit code tells the truth, and what is printed is accepted.
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <filesystem>

#include "controller/convert/convert.h"
#include "controller/source/manifests.h"
#include "proxy/base/file.h"
#include "tests/controller/convert/parsed.h"

namespace stevedore::convert {
namespace {

std::vector<std::string> InputsOf(const std::string& root) {
  std::vector<std::string> files;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(root)) {
    const std::string name = entry.path().filename().string();
    if (entry.is_regular_file() && !name.ends_with(".txt") && name != "expected.yaml")
      files.push_back(entry.path().string());
  }
  return files;
}

// Where a value stands in the line: behind ": ", or the whole line.
std::size_t ValueOf(const std::string& line) {
  const std::size_t colon = line.find(": ");
  return colon == std::string::npos ? 0 : colon + 2;
}

void ExpectTruth(const std::string& text) {
  ConvertOptions options;
  options.entry_points = {"game=9987", "dns=53", "streaming=1704", "dns-udp=5353"};
  const ConvertOutput output = Convert({{"f", text}}, options);
  if (output.exit == kBadInput) {
    EXPECT_EQ(output.routes, "");
    EXPECT_FALSE(output.lines.empty());
    return;
  }
  const auto is_note = [](const std::string& line) { return line.starts_with("note: "); };
  const bool lost = !std::all_of(output.lines.begin(), output.lines.end(), is_note);
  EXPECT_EQ(output.exit, lost ? kLeftOut : kCarriedOver);
  const auto manifests = source::ParseManifests("", output.routes);
  ASSERT_TRUE(manifests) << manifests.error().detail;
  EXPECT_TRUE(manifests->problems.empty());
  for (const auto& [kind, objects] : manifests->objects)
    for (const source::Object& object : objects) {
      EXPECT_EQ(kind, source::Kind::kRoute);
      EXPECT_EQ(api::DecodeRoute(object.json).findings, api::Findings{});
    }
}

TEST(OddInput, NeverGivesARouteThatIsNotAccepted) {
  const std::vector<std::string> files = InputsOf("tests/golden/convert");
  ASSERT_GE(files.size(), 12u);
  for (const std::string& file : files) {
    const std::string text = *ReadFile(file);
    for (std::size_t start = 0; start < text.size();) {
      const std::size_t end = std::min(text.find('\n', start), text.size() - 1);
      const std::string line = text.substr(start, end - start);
      for (const char* value : {"", "[]", "{a: null}", "-1", "\"\\\\x~ \""}) {
        const std::string odd = line.substr(0, ValueOf(line)) + value;
        SCOPED_TRACE(file + ": " + odd);
        ExpectTruth(text.substr(0, start) + odd + text.substr(end));
        if (testing::Test::HasFailure()) return;
      }
      ExpectTruth(text.substr(0, start) + text.substr(end + 1));
      start = end + 1;
    }
  }
}

}  // namespace
}  // namespace stevedore::convert
