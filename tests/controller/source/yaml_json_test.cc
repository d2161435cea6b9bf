#include "controller/source/yaml_json.h"

#include <gtest/gtest.h>

namespace stevedore::source {
namespace {

std::string Convert(const std::string& yaml) {
  const auto documents = YamlToJson(yaml);
  if (!documents) return "ERROR " + documents.error().detail;
  std::string all;
  for (const std::string& document : *documents) all += document + "\n";
  return all;
}

TEST(YamlToJson, ScalarsHaveTheTypesOfTheCoreSchema) {
  struct Case {
    const char* yaml;
    const char* json;
  };
  const Case cases[] = {
      {"1", "1"},
      {"-7", "-7"},
      {"+7", "7"},
      {"0x1F", "31"},
      {"0o17", "15"},
      {"0b101", "5"},
      {"1.5", "1.5"},
      {"1e3", "1000.0"},
      {"true", "true"},
      {"FALSE", "false"},
      {"null", "null"},
      {"~", "null"},
      {"", "null"},
      {"yes", "\"yes\""},
      {"text", "\"text\""},
      {"'1'", "\"1\""},
      {"\"0x01\"", "\"0x01\""},
      {"!!str 1", "\"1\""},
      {"'=='", "\"==\""},
      {"==", "\"==\""},
      {"0x", "\"0x\""},
      {"0xzz", "\"0xzz\""},
      {"10.0.0.1", "\"10.0.0.1\""},
      {"-", "[null]"},
      {"2026-01-01T00:00:00Z", "\"2026-01-01T00:00:00Z\""},
      {"0x686561727462656174", "1e+300"},
      {"99999999999999999999", "1e+300"},
      {"[1, a]", "[1,\"a\"]"},
      {"{1: a}", "{\"1\":\"a\"}"},
  };
  for (const Case& c : cases)
    EXPECT_EQ(Convert(std::string("k:\n  ") + c.yaml), std::string("{\"k\":") + c.json + "}\n")
        << c.yaml;
}

TEST(YamlToJson, UnquotedOperatorsFailLoudly) {
  EXPECT_EQ(Convert("a: 1\noperator: !=="),
            "ERROR line 2: \"!==\" is read as a YAML tag: put it in quotes");
  EXPECT_EQ(Convert("operator: !&="),
            "ERROR line 1: \"!&=\" is read as a YAML tag: put it in quotes");
  for (const char* op : {"|=", "!|="})
    EXPECT_TRUE(Convert(std::string("operator: ") + op).starts_with("ERROR line 1")) << op;
  // An anchor of nothing: null, which the decoder reports as missing.
  EXPECT_EQ(Convert("operator: &="), "{\"operator\":null}\n");
}

TEST(YamlToJson, DocumentsAreApartAndEmptyOnesLeftOut) {
  EXPECT_EQ(Convert("a: 1\n---\n---\n# nothing\n---\nb: 2\n"), "{\"a\":1}\n{\"b\":2}\n");
  EXPECT_EQ(Convert(""), "");
}

TEST(YamlToJson, AliasesAreExpanded) {
  EXPECT_EQ(Convert("a: &x {b: 1}\nc: *x"), "{\"a\":{\"b\":1},\"c\":{\"b\":1}}\n");
}

TEST(YamlToJson, ErrorsCarryTheirLine) {
  EXPECT_TRUE(Convert("a: 1\nb: [1,\n").starts_with("ERROR line 3: not YAML"));
  EXPECT_EQ(Convert("a: 1\na: 2\n"), "ERROR line 2: the key \"a\" occurs twice");
  EXPECT_TRUE(Convert("a: 1\n? [x]\n: 2\n").starts_with("ERROR line 2"));
}

// yaml-cpp sees an endless row of empty documents there. Found by the fuzz target `manifests`.
TEST(YamlToJson, WhatBeginsNoDocumentIsRefused) {
  for (const char* yaml : {",", ",a: 1\n", "}", "]", "a: 1\n}", "---\n]\n---\n", "a: 1\n---\n,\n",
                           ",piVersion: v1\nkind: Service- \nmetind: Servime: \".0./x\"}\n"})
    EXPECT_TRUE(Convert(yaml).starts_with("ERROR line ")) << yaml << ": " << Convert(yaml);
  EXPECT_EQ(Convert(","), "ERROR line 1: not YAML: nothing can begin here");
  EXPECT_EQ(Convert("{}\n---\n---\n[]\n...\n"), "{}\n[]\n");
}

TEST(YamlToJson, AnAliasBombIsRefused) {
  std::string bomb = "a0: &a0 [x,x,x,x,x,x,x,x,x,x]\n";
  for (int i = 1; i < 9; ++i) {
    bomb += "a" + std::to_string(i) + ": &a" + std::to_string(i) + " [";
    for (int j = 0; j < 10; ++j) bomb += (j ? "," : "") + ("*a" + std::to_string(i - 1));
    bomb += "]\n";
  }
  EXPECT_NE(Convert(bomb).find("too many values"), std::string::npos);
}

TEST(YamlToJson, JsonIsYaml) {
  EXPECT_EQ(Convert("{\n\t\"a\": [1, \"0x01\", null, true]\n}"),
            "{\"a\":[1,\"0x01\",null,true]}\n");
}

}  // namespace
}  // namespace stevedore::source
