#include "controller/convert/documents.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/controller/convert/parsed.h"

namespace stevedore::convert {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

std::vector<std::string> Objects(const std::string& text) {
  std::vector<std::string> objects;
  for (const Document& document : Parsed(text)) objects.push_back(document.place().object);
  return objects;
}

TEST(Documents, AreTakenFromStreamsListsAndConcatenatedJson) {
  EXPECT_THAT(
      Objects("kind: A\nmetadata: {name: x}\n---\nkind: B\nmetadata: {name: y, namespace: n}"),
      ElementsAre("A default/x", "B n/y"));
  EXPECT_THAT(Objects("kind: List\nitems: [{kind: A, metadata: {name: x}}, {kind: BList, items: "
                      "[{kind: B, metadata: {name: y}}]}]"),
              ElementsAre("A default/x", "B default/y"));
  EXPECT_THAT(Objects(R"({"kind": "A", "metadata": {"name": "}{\"x"}}
                         {"kind": "B", "metadata": {"name": "y"}})"),
              ElementsAre("A default/}{\"x", "B default/y"));
  EXPECT_THAT(Objects(R"({"kind": "A", "metadata": {"name": "x"}})"), ElementsAre("A default/x"));
  EXPECT_THAT(Objects("# nothing\n---\n"), IsEmpty());
}

TEST(Documents, WithoutKindAreWholeFiles) {
  const auto documents = Parsed("ports: {dns: {port: 53}}");
  ASSERT_EQ(documents.size(), 1u);
  EXPECT_EQ(documents[0].kind, "");
  EXPECT_EQ(documents[0].place(), (Place{"f.yaml", "", ""}));
}

TEST(Documents, WhatDoesNotParseIsAnError) {
  for (const char* text : {"a: [", "a: 1\na: 2", "{\"a\": 1} x", "- 1\n- 2", "just words"}) {
    Conversion conversion;
    ParseDocuments({"f.yaml", text}, "default", conversion);
    ASSERT_EQ(conversion.errors.size(), 1u) << text;
    EXPECT_EQ(conversion.errors[0].place.file, "f.yaml");
  }
}

TEST(FormOf, TellsTheAncestorAndCommandLines) {
  EXPECT_EQ(FormOf({"", R"(// comment
                           {"Server": {}})"}),
            Form::kAncestor);
  EXPECT_EQ(FormOf({"", R"(/* c */ {"Upload": {}})"}), Form::kAncestor);
  EXPECT_EQ(FormOf({"", R"({"kind": "List", "items": []})"}), Form::kObjects);
  EXPECT_EQ(FormOf({"", R"({"Server": )"}), Form::kObjects);
  EXPECT_EQ(FormOf({"", "\n--entrypoints.a.address=:1/udp"}), Form::kArguments);
  EXPECT_EQ(FormOf({"", "---\nkind: A"}), Form::kObjects);
  EXPECT_EQ(FormOf({"", "  "}), Form::kObjects);
}

}  // namespace
}  // namespace stevedore::convert
