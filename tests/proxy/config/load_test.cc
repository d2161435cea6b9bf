#include "proxy/config/load.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>

#include "proxy/config/json_codec.h"

namespace stevedore::config {
namespace {

namespace fs = std::filesystem;

const char* const kGolden = "tests/golden/config";

std::string ReadFile(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  EXPECT_TRUE(file) << path;
  return {std::istreambuf_iterator<char>(file), {}};
}

std::string Lines(const FieldErrors& errors) {
  std::string all;
  for (const FieldError& error : errors) all += ToString(error) + "\n";
  return all;
}

// The files of `folder` that end in .json but not in .native.json.
std::vector<fs::path> Inputs(const fs::path& folder) {
  std::vector<fs::path> inputs;
  for (const auto& entry : fs::directory_iterator(folder)) {
    const std::string name = entry.path().filename();
    if (name.ends_with(".json") && !name.ends_with(".native.json")) inputs.push_back(entry.path());
  }
  EXPECT_FALSE(inputs.empty()) << folder;
  return inputs;
}

// Compares with the golden file, or writes it when STEVEDORE_UPDATE_GOLDEN is set.
void ExpectGolden(const fs::path& path, const std::string& actual) {
  if (std::getenv("STEVEDORE_UPDATE_GOLDEN") != nullptr) std::ofstream(path) << actual;
  EXPECT_EQ(actual, ReadFile(path)) << path;
}

TEST(LoadGolden, ValidFilesGiveTheirNativeForm) {
  for (const fs::path& input : Inputs(kGolden)) {
    const Loaded loaded = Load(ReadFile(input));
    EXPECT_EQ(Lines(loaded.errors), "") << input;
    ASSERT_TRUE(loaded.config) << input;
    const std::string native = Encode(**loaded.config);
    ExpectGolden(fs::path(input).replace_extension(".native.json"), native);
    const Loaded again = Load(native);
    ASSERT_TRUE(again.config) << input << "\n" << Lines(again.errors);
    EXPECT_EQ(Encode(**again.config), native) << input;
  }
}

TEST(LoadGolden, InvalidFilesGiveTheirErrors) {
  for (const fs::path& input : Inputs(fs::path(kGolden) / "invalid")) {
    const Loaded loaded = Load(ReadFile(input));
    EXPECT_FALSE(loaded.config) << input;
    EXPECT_FALSE(loaded.errors.empty()) << input;
    ExpectGolden(fs::path(input).replace_extension(".errors"), Lines(loaded.errors));
  }
}

TEST(Load, GivesExactlyOneOfConfigAndErrors) {
  const Loaded good = Load(R"({"version": 1})");
  EXPECT_TRUE(good.config);
  EXPECT_TRUE(good.errors.empty());
  for (const char* text : {"", "{", "[]", "{}", R"({"version": 1, "listeners": [{}]})"}) {
    const Loaded bad = Load(text);
    EXPECT_FALSE(bad.config) << text;
    EXPECT_FALSE(bad.errors.empty()) << text;
  }
}

TEST(Load, ReportsWrongFieldsAndWrongValuesTogetherInTheOrderOfLines) {
  EXPECT_EQ(Lines(Load(R"({ "version": 1,
  "listeners": [
    { "name": "l", "port": 0 },
    { "name": "m", "port": 1,
      "sesion": {} } ],
  "upstreams": [
    { "name": "u", "peers": [ { "address": "1.2.3", "port": 1 } ] } ] })")
                      .errors),
            "line 3: listeners[0].port: 0: must be 1 to 65535\n"
            "line 5: listeners[1].sesion: unknown field: did you mean \"session\"?\n"
            "line 7: upstreams[0].peers[0].address: \"1.2.3\": must be an IPv4 or IPv6 address\n");
}

// An upstream whose name could not be read is not also reported by everything that names it.
TEST(Load, DoesNotReportWhatOnlyFollows) {
  EXPECT_EQ(Lines(Load(R"({ "version": 1,
  "listeners": [ { "name": "l", "port": 1, "defaultUpstream": "u" } ],
  "upstreams": [ {"nam": "u", "hashKey": {"start": 0, "end": 4}, "algoritm": "RoundRobin"} ] })")
                      .errors),
            "line 3: upstreams[0].name: missing: must be set\n"
            "line 3: upstreams[0].nam: unknown field: did you mean \"name\"?\n"
            "line 3: upstreams[0].algoritm: unknown field: did you mean \"algorithm\"?\n");
}

// A typo hides nothing beyond its own object.
TEST(Load, ReportsTheRestBesideATypo) {
  EXPECT_EQ(Lines(Load(R"({ "version": 1,
  "listeners": [ { "name": "l", "port": 1, "defaultUpstream": "gone", "session":{"maxSessions":0}}],
  "upstreams": [ { "name": "u", "algoritm": "ConsistentHash",
    "peers": [ { "address": "10.0.0.1", "port": 0 } ] } ] })")
                      .errors),
            "line 2: listeners[0].session.maxSessions: 0: must be 1 to 10000000\n"
            "line 2: listeners[0].defaultUpstream: \"gone\": no upstream has this name: write the "
            "name of an upstream, or \"deny\"\n"
            "line 3: upstreams[0].algoritm: unknown field: did you mean \"algorithm\"?\n"
            "line 4: upstreams[0].peers[0].port: 0: must be 1 to 65535\n");
}

// Damage anywhere in a real file gives a config or errors, never anything else.
TEST(Load, SurvivesDamagedFiles) {
  std::mt19937 random(1);
  for (const fs::path& input : Inputs(kGolden)) {
    const std::string text = ReadFile(input);
    for (int round = 0; round < 300; ++round) {
      std::string damaged = text;
      for (unsigned i = 0; i <= random() % 3; ++i)
        damaged[random() % damaged.size()] = "{}[]\",:0-x/*\xff\n"[random() % 14];
      if (random() % 4 == 0) damaged.resize(random() % damaged.size());
      const Loaded loaded = Load(damaged);
      ASSERT_NE(loaded.config.has_value(), !loaded.errors.empty()) << damaged;
    }
  }
}

}  // namespace
}  // namespace stevedore::config
