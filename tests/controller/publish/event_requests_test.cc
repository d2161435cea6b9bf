#include "controller/publish/event_requests.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "tests/controller/publish/event_sample.h"

namespace stevedore::publish {
namespace {

using Json = nlohmann::json;

TEST(CreateEventRequest, SaysAllThatTheApiServerWants) {
  const kube::Request request =
      CreateEventRequest(SampleEvent(), "kcp.01", "stevedore-0", {1, "later"});
  EXPECT_EQ(request.method, "POST");
  EXPECT_EQ(request.path, "/apis/events.k8s.io/v1/namespaces/game/events");
  EXPECT_EQ(request.content_type, "application/json");
  EXPECT_FALSE(request.unlimited);
  const Json expected = {{"apiVersion", "events.k8s.io/v1"},
                         {"kind", "Event"},
                         {"metadata", {{"name", "kcp.01"}, {"namespace", "game"}}},
                         {"eventTime", "2026-01-02T00:00:00.000001Z"},
                         {"reportingController", "stevedore.io/controller"},
                         {"reportingInstance", "stevedore-0"},
                         {"action", "Accept"},
                         {"reason", "PortConflict"},
                         {"type", "Warning"},
                         {"regarding",
                          {{"apiVersion", "stevedore.io/v1alpha1"},
                           {"kind", "StevedoreRoute"},
                           {"namespace", "game"},
                           {"name", "kcp"},
                           {"uid", "u-1"},
                           {"resourceVersion", "100"}}},
                         {"note", "the port is taken"}};
  EXPECT_EQ(Json::parse(request.body), expected);
}

TEST(CreateEventRequest, CutsWhatIsTooLongBetweenCharacters) {
  Event event = SampleEvent();
  event.warning = false;
  event.note = "x";
  for (int i = 0; i < 600; ++i) event.note += "\xc3\xa9";
  const Json body =
      Json::parse(CreateEventRequest(event, "kcp.01", std::string(200, 'p'), {}).body);
  const std::string note = body["note"];
  EXPECT_LE(note.size(), 1024u);
  EXPECT_GE(note.size(), 1022u);
  EXPECT_EQ(note.substr(note.size() - 6), "\xc3\xa9 ...");
  EXPECT_EQ(std::string(body["reportingInstance"]).size(), 128u);
  EXPECT_EQ(body["type"], "Normal");
  event.note = "no \xff text";
  EXPECT_FALSE(
      Json::parse(CreateEventRequest(event, "n", "p", {}).body, nullptr, false).is_discarded());
}

TEST(CreateEventRequest, TellsRepeatsThatWereHeldBack) {
  const Json series =
      Json::parse(CreateEventRequest(SampleEvent(), "n", "p", {7, "later"}).body)["series"];
  EXPECT_EQ(series, (Json{{"count", 7}, {"lastObservedTime", "later"}}));
}

TEST(PatchSeriesRequest, ChangesTheSeriesAndNothingElse) {
  const kube::Request request = PatchSeriesRequest(SampleEvent(), "kcp.01", {3, "later"});
  EXPECT_EQ(request.method, "PATCH");
  EXPECT_EQ(request.path, "/apis/events.k8s.io/v1/namespaces/game/events/kcp.01");
  EXPECT_EQ(request.content_type, "application/merge-patch+json");
  EXPECT_EQ(Json::parse(request.body),
            (Json{{"series", {{"count", 3}, {"lastObservedTime", "later"}}}}));
}

}  // namespace
}  // namespace stevedore::publish
