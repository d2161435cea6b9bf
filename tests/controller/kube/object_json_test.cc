#include "controller/kube/object_json.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace stevedore::kube {
namespace {

using ::testing::HasSubstr;
using Type = WatchEvent::Type;

TEST(ParseList, GivesEachObjectAsText) {
  const Result<ListPage> page = ParseList(R"({"kind":"ServiceList","items":[
      {"metadata":{"namespace":"game","name":"a"},"spec":{"ports":[1, 2]}},
      {"metadata":{"name":"cluster-wide"}}],
      "metadata":{"resourceVersion":"42","continue":"next","remainingItemCount":7}})");
  ASSERT_TRUE(page);
  EXPECT_EQ(page->resource_version, "42");
  EXPECT_EQ(page->continue_token, "next");
  ASSERT_EQ(page->objects.size(), 2u);
  EXPECT_EQ(page->objects[0].key, (Key{"game", "a"}));
  EXPECT_EQ(page->objects[0].json,
            R"({"metadata":{"name":"a","namespace":"game"},"spec":{"ports":[1,2]}})");
  EXPECT_EQ(page->objects[1].key, (Key{"", "cluster-wide"}));
}

TEST(ParseList, EmptyIsAListToo) {
  for (const char* items : {"[]", "null"}) {
    const Result<ListPage> page =
        ParseList(std::string(R"({"metadata":{"resourceVersion":"1"},"items":)") + items + "}");
    ASSERT_TRUE(page) << items;
    EXPECT_TRUE(page->objects.empty());
  }
}

TEST(ParseList, WhatIsNoCompleteListIsAnError) {
  const struct {
    const char* body;
    const char* error;
  } kCases[] = {
      {"", "not a JSON object"},
      {"<html>", "not a JSON object"},
      {"[]", "not a JSON object"},
      {R"({"items":[],"metadata":{"resourceVersion":"1"})", "not a JSON object"},
      {R"({"items":[]})", "no metadata.resourceVersion"},
      {R"({"items":[],"metadata":{"resourceVersion":7}})", "no metadata.resourceVersion"},
      {R"({"metadata":{"resourceVersion":"1"}})", "no items"},
      {R"({"metadata":{"resourceVersion":"1"},"items":{}})", "no items"},
      {R"({"metadata":{"resourceVersion":"1"},"items":[7]})", "not a JSON object"},
      {R"({"metadata":{"resourceVersion":"1"},"items":[{}]})", "no metadata.name"},
      {"{\"metadata\":{\"resourceVersion\":\"1\"},\"items\":[{\"x\":\"\xff\"}]}",
       "not a JSON object"},
  };
  for (const auto& test : kCases) {
    const Result<ListPage> page = ParseList(test.body);
    ASSERT_FALSE(page) << test.body;
    EXPECT_THAT(page.error().detail, HasSubstr(test.error)) << test.body;
  }
}

TEST(ParseStatus, ReadsAStatusAndSurvivesAnythingElse) {
  const ApiStatus gone = ParseStatus(
      R"({"kind":"Status","code":410,"reason":"Expired","message":"too old","details":{}})", 410);
  EXPECT_EQ(gone.code, 410);
  EXPECT_EQ(gone.reason, "Expired");
  EXPECT_EQ(gone.message, "too old");
  EXPECT_FALSE(gone.resource_version_too_large);

  const ApiStatus large = ParseStatus(R"({"kind":"Status","code":504,"reason":"Timeout",
      "details":{"causes":[{"reason":"ResourceVersionTooLarge","message":"Too large"}]}})",
                                      504);
  EXPECT_TRUE(large.resource_version_too_large);

  const ApiStatus html = ParseStatus("<html>" + std::string(1000, 'x'), 502);
  EXPECT_EQ(html.code, 502);
  EXPECT_EQ(html.message.size(), 200u);
  EXPECT_EQ(ParseStatus("", 503).code, 503);
  EXPECT_EQ(ParseStatus(R"({"kind":"Status","details":{"causes":[1]}})", 500).code, 500);
}

TEST(ParseWatchEvent, ReadsEachType) {
  const struct {
    const char* line;
    Type type;
  } kCases[] = {
      {R"({"type":"ADDED","object":{"metadata":{"name":"a","resourceVersion":"9"}}})",
       Type::kAdded},
      {R"({"type":"MODIFIED","object":{"metadata":{"name":"a","resourceVersion":"9"}}})",
       Type::kModified},
      {R"({"type":"DELETED","object":{"metadata":{"name":"a","resourceVersion":"9"}}})",
       Type::kDeleted},
      {R"({"type":"BOOKMARK","object":{"metadata":{"resourceVersion":"9"}}})", Type::kBookmark},
  };
  for (const auto& test : kCases) {
    const Result<WatchEvent> event = ParseWatchEvent(test.line);
    ASSERT_TRUE(event) << test.line;
    EXPECT_EQ(event->type, test.type);
    EXPECT_EQ(event->resource_version, "9");
  }
  const Result<WatchEvent> error =
      ParseWatchEvent(R"({"type":"ERROR","object":{"kind":"Status","code":410,"reason":"Gone"}})");
  ASSERT_TRUE(error);
  EXPECT_EQ(error->type, Type::kError);
  EXPECT_EQ(error->status.code, 410);

  const Result<WatchEvent> unknown = ParseWatchEvent(R"({"type":"SHINY","object":{}})");
  ASSERT_TRUE(unknown);
  EXPECT_EQ(unknown->type, Type::kUnknown);
  EXPECT_EQ(unknown->type_text, "SHINY");
}

TEST(ParseWatchEvent, RefusesNonsense) {
  for (const char* line : {"", "7", "{", R"({"type":"ADDED"})",
                           R"({"type":"ADDED","object":{"metadata":{"resourceVersion":"1"}}})",
                           R"({"type":"ADDED","object":{"metadata":{"name":"a"}}})",
                           R"({"type":"BOOKMARK","object":{}})"}) {
    EXPECT_FALSE(ParseWatchEvent(line)) << line;
  }
}

}  // namespace
}  // namespace stevedore::kube
