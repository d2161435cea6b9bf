// ListWatch where the server sends all objects first (WatchList), and where it turns out not to.
// SPDX-License-Identifier: Apache-2.0
#include <chrono>
#include <string>
#include <vector>

#include "tests/controller/kube/list_watch_fixture.h"

namespace stevedore::kube {
namespace {

using std::chrono::seconds;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

std::string Bookmark(const std::string& version, bool end) {
  const std::string mark = end ? R"("annotations":{"k8s.io/initial-events-end":"true"},)" : "";
  return R"({"type":"BOOKMARK","object":{"metadata":{)" + mark + R"("resourceVersion":")" +
         version + "\"}}}\n";
}
std::string ErrorEvent(int code) {
  return R"({"type":"ERROR","object":)" + StatusJson(code, "Said") + "}\n";
}

using ListByWatchTest = ListWatchFixture;

TEST_F(ListByWatchTest, BringsTheListAndGoesOnAsAWatch) {
  transport_.watches.push_back(
      Long({EventJson("ADDED", "b", "9"), EventJson("ADDED", "a", "3") + Bookmark("10", true),
            EventJson("DELETED", "a", "11"), EventJson("ADDED", "c", "12")}));
  EXPECT_EQ(Step(), "stream rv= 0");
  const Request& request = transport_.requests[0];
  EXPECT_EQ(Query(request, "watch"), "1");
  EXPECT_EQ(Query(request, "resourceVersionMatch"), "NotOlderThan");
  EXPECT_EQ(Query(request, "allowWatchBookmarks"), "true");
  EXPECT_EQ(Query(request, "labelSelector"), "team=a");
  EXPECT_FALSE(request.gzip);
  EXPECT_EQ(recorder_.replaced, 1);
  EXPECT_THAT(recorder_.Names(), ElementsAre("b", "c"));
  EXPECT_THAT(recorder_.states, ElementsAre(ReflectorState{true, ""}));
  EXPECT_EQ(list_watch_.counters().lists, 1u);
  transport_.watches.push_back(Long({}));
  EXPECT_EQ(Step(), "watch rv=12 0");
  EXPECT_EQ(Query(transport_.requests[1], "sendInitialEvents"), "(none)");
}

TEST_F(ListByWatchTest, ChangesBeforeTheEndMarkAreTaken) {
  transport_.watches.push_back(
      Long({EventJson("ADDED", "a", "3") + EventJson("ADDED", "b", "4") + Bookmark("5", false),
            EventJson("DELETED", "b", "6") + EventJson("MODIFIED", "a", "7"),
            "{\"type\":\"NEW\"}\n", Bookmark("8", true)}));
  EXPECT_EQ(Step(), "stream rv= 0");
  EXPECT_THAT(recorder_.Names(), ElementsAre("a"));
  EXPECT_THAT(recorder_.names["a"], HasSubstr("\"7\""));
  EXPECT_EQ(recorder_.replaced, 1);
}

TEST_F(ListByWatchTest, AServerThatDoesNotOfferItIsAskedForLists) {
  const std::vector<FakeTransport::Watch> kRefusals = {
      WatchRefusal(400),
      WatchRefusal(403),
      WatchRefusal(422),
      WatchRefusal(500),
      Long({ErrorEvent(500)}),
      Long({"<html>\n"}),
      Long({EventJson("ADDED", "half", "3")}),  // ends before the end mark
      Long({EventJson("ADDED", "half", "3")}, Kind::kSilence),
  };
  for (std::size_t i = 0; i < kRefusals.size(); ++i) {
    SCOPED_TRACE(i);
    Recorder recorder;
    ListWatch fresh(
        {"services", "/s", ""}, transport_, clock_, [] { return 0.0; }, recorder);
    transport_.requests.clear();
    transport_.watches = {kRefusals[i]};
    EXPECT_EQ(fresh.Step({}), Nanos(0));
    EXPECT_EQ(recorder.replaced, 0);
    EXPECT_THAT(recorder.states, IsEmpty());
    transport_.answers = {Ok(ListJson({"a"}, "5")), Ok(ListJson({"b"}, "6"))};
    transport_.watches = {WatchRefusal(410)};
    for (int step = 0; step < 3; ++step) EXPECT_EQ(fresh.Step({}), Nanos(0));
    ASSERT_EQ(transport_.requests.size(), 4u);
    EXPECT_EQ(Query(transport_.requests[1], "limit"), "500");
    EXPECT_EQ(Query(transport_.requests[3], "resourceVersion"), "5");
    EXPECT_EQ(Query(transport_.requests[3], "watch"), "(none)");
    EXPECT_THAT(recorder.Names(), ElementsAre("b"));
  }
}

TEST_F(ListByWatchTest, OtherFailuresSayNothingOfTheServer) {
  const FakeTransport::Watch kFailures[] = {{.end = NoAnswer()}, WatchRefusal(401),
                                            WatchRefusal(404),   WatchRefusal(429),
                                            WatchRefusal(503),   {.chunks = {ErrorEvent(429)}}};
  int delay = 800;
  for (const FakeTransport::Watch& failure : kFailures) {
    transport_.watches.push_back(failure);
    EXPECT_EQ(Step(), "stream rv= " + std::to_string(delay));
    EXPECT_FALSE(recorder_.states.back().synced);
    delay = std::min(delay * 2, 10'000);
  }
  transport_.watches.push_back(WatchRefusal(429, seconds(25)));
  EXPECT_EQ(Step(), "stream rv= 25000");
  EXPECT_EQ(list_watch_.counters().failed_lists, 7u);
  EXPECT_EQ(recorder_.replaced, 0);
}

TEST_F(ListByWatchTest, AStalledListIsGivenUpLongBeforeAWatch) {
  // 12 s pass before each chunk; an empty one is the transport's sign of silence.
  const std::string kEvent = EventJson("ADDED", "a", "3");
  FakeTransport::Watch slow{.chunks = {"", kEvent, "", kEvent, "", Bookmark("5", true), "", ""}};
  slow.before_chunk = [this] { clock_.Advance(seconds(12)); };
  transport_.watches.push_back(slow);
  EXPECT_EQ(Step(), "stream rv= 0");
  EXPECT_THAT(recorder_.Names(), ElementsAre("a"));
  transport_.watches.push_back(WatchRefusal(410));
  EXPECT_EQ(Step(), "watch rv=5 0");
  slow.chunks = {kEvent, "", "", Bookmark("6", true)};
  transport_.watches.push_back(slow);
  EXPECT_EQ(Step(), "stream rv=5 0");
  EXPECT_EQ(recorder_.replaced, 1);
  EXPECT_EQ(Step(), "list rv=5 limit=(none) continue=(none) 800");
}

TEST_F(ListByWatchTest, ExpiredMeansTheLatest) {
  transport_.watches = {Long({Bookmark("5", true)}), WatchRefusal(410),
                        WatchRefusal(410),           WatchRefusal(410),
                        Long({ErrorEvent(410)}),     Long({Bookmark("9", true)})};
  EXPECT_EQ(Step(), "stream rv= 0");
  EXPECT_EQ(Step(), "watch rv=5 0");
  EXPECT_EQ(Step(), "stream rv=5 0");
  EXPECT_EQ(Step(), "stream rv= 800");
  EXPECT_EQ(Step(), "stream rv= 1600");
  EXPECT_EQ(Step(), "stream rv= 0");
  EXPECT_EQ(recorder_.replaced, 2);
  EXPECT_EQ(Step(), "watch rv=9 3200");  // the script is over
}

TEST_F(ListByWatchTest, AfterStopNothingIsDelivered) {
  stop_.request_stop();
  transport_.watches.push_back({.chunks = {EventJson("ADDED", "a", "3")}});
  EXPECT_EQ(Step(), "stream rv= 0");
  EXPECT_EQ(recorder_.replaced, 0);
  EXPECT_THAT(recorder_.states, IsEmpty());
}

}  // namespace
}  // namespace stevedore::kube
