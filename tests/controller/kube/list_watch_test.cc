#include "controller/kube/list_watch.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "tests/controller/kube/list_watch_fixture.h"

namespace stevedore::kube {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

class ListWatchTest : public ListWatchFixture {
 protected:
  ListWatchTest() { RefuseStreams(list_watch_); }
  // Brings it to where it watches from `version`, with object "a".
  void Sync(const std::string& version = "5") {
    transport_.answers.push_back(Ok(ListJson({"a"}, version)));
    ASSERT_EQ(Step(), "list rv=0 limit=500 continue=(none) 0");
    ASSERT_THAT(recorder_.Names(), ElementsAre("a"));
  }
};

TEST_F(ListWatchTest, ListsThenWatchesFromTheListsVersion) {
  Sync("5");
  EXPECT_EQ(transport_.requests[0].path, "/api/v1/services");
  EXPECT_EQ(Query(transport_.requests[0], "labelSelector"), "team=a");
  EXPECT_EQ(transport_.requests[0].timeout, milliseconds(60'000));
  transport_.watches.push_back(Long({EventJson("ADDED", "b", "6"), EventJson("MODIFIED", "a", "7"),
                                     EventJson("DELETED", "b", "8")}));
  EXPECT_EQ(Step(), "watch rv=5 0");
  const Request& watch = transport_.requests[1];
  EXPECT_EQ(Query(watch, "allowWatchBookmarks"), "true");
  EXPECT_EQ(Query(watch, "timeoutSeconds"), "300");
  EXPECT_EQ(Query(watch, "labelSelector"), "team=a");
  EXPECT_THAT(recorder_.Names(), ElementsAre("a"));
  EXPECT_THAT(recorder_.names["a"], HasSubstr("\"7\""));
  // From the last event on.
  random_ = 0.999;
  transport_.watches.push_back(Long({}));
  EXPECT_EQ(Step(), "watch rv=8 0");
  EXPECT_EQ(Query(transport_.requests[2], "timeoutSeconds"), "599");
  EXPECT_EQ(recorder_.replaced, 1);
  EXPECT_THAT(recorder_.states, ElementsAre(ReflectorState{true, ""}));
  const ReflectorCounters counters = list_watch_.counters();
  EXPECT_EQ(counters.added + counters.modified + counters.deleted, 3u);
  EXPECT_EQ(counters.restarts_eof, 2u);
  EXPECT_EQ(counters.lists, 1u);
  EXPECT_EQ(counters.list_seconds.counts()[0], 1u);
  EXPECT_GT(counters.heard_at, 0);
}

TEST_F(ListWatchTest, AFailedPageChangesNothing) {
  Sync();
  transport_.watches.push_back(WatchRefusal(410));
  EXPECT_EQ(Step(), "watch rv=5 0");
  transport_.answers.push_back(Refusal(410));
  EXPECT_EQ(Step(), "list rv=5 limit=(none) continue=(none) 0");
  transport_.answers.push_back(Ok(ListJson({"b"}, "9", "t1")));
  transport_.answers.push_back(NoAnswer());
  EXPECT_EQ(Step(), "list rv= limit=500 continue=(none) list rv=(none) limit=500 continue=t1 800");
  EXPECT_THAT(recorder_.Names(), ElementsAre("a"));
  EXPECT_EQ(recorder_.replaced, 1);
}

TEST_F(ListWatchTest, NoRefusalAndNoBrokenBodyIsAnEmptyList) {
  const std::vector<Result<Response>> kBad = {
      Refusal(400),
      Refusal(401, "Unauthorized"),
      Refusal(404, "NotFound"),
      Refusal(500),
      Refusal(503),
      NoAnswer(),
      Ok(""),
      Ok("{}"),
      Ok(R"({"kind":"Status","status":"Success"})"),
      Ok(R"({"metadata":{"resourceVersion":"9"}})"),
      Response{201, ListJson({}, "9"), {}},
      Response{204, "", {}},
      Response{301, "", {}},
  };
  Sync();
  transport_.watches.push_back(WatchRefusal(500));
  Step();
  for (const auto& bad : kBad) {
    transport_.answers.push_back(bad);
    EXPECT_THAT(Step(), HasSubstr("list rv=5 limit=(none) continue=(none) "));
    EXPECT_THAT(recorder_.Names(), ElementsAre("a"));
    EXPECT_TRUE(recorder_.states.back().synced);
    EXPECT_NE(recorder_.states.back().error, "");
  }
  transport_.answers.push_back(Ok(ListJson({}, "9")));
  Step();
  EXPECT_TRUE(recorder_.names.empty());
  EXPECT_EQ(recorder_.states.back(), (ReflectorState{true, ""}));
  EXPECT_EQ(list_watch_.counters().failed_lists, kBad.size());
}

TEST_F(ListWatchTest, AVersionThatTheServerLacksMeansAListOfTheLatest) {
  const std::string too_large = R"({"kind":"Status","code":504,"reason":"Timeout","details":
      {"causes":[{"reason":"ResourceVersionTooLarge"}]}})";
  for (const Response& refusal : {Refusal(410, "Expired"), Response{504, too_large, {}}}) {
    SCOPED_TRACE(refusal.status);
    transport_.requests.clear();
    ListWatch fresh(
        {"services", "/s", ""}, transport_, clock_, [] { return 0.0; }, recorder_);
    RefuseStreams(fresh);
    transport_.answers = {Ok(ListJson({"a"}, "5")), refusal, Ok(ListJson({"b"}, "3"))};
    transport_.watches = {WatchRefusal(500)};
    for (int i = 0; i < 4; ++i) (void)fresh.Step({});
    ASSERT_EQ(transport_.requests.size(), 4u);
    EXPECT_EQ(Query(transport_.requests[2], "resourceVersion"), "5");
    EXPECT_EQ(Query(transport_.requests[3], "resourceVersion"), "");
    EXPECT_EQ(Query(transport_.requests[3], "limit"), "500");
    EXPECT_THAT(recorder_.Names(), ElementsAre("b"));
    // Cleared by success: the next list asks for its version again.
    transport_.watches = {WatchRefusal(500)};
    (void)fresh.Step({});
    (void)fresh.Step({});
    EXPECT_EQ(Query(transport_.requests.back(), "resourceVersion"), "3");
  }
}

TEST_F(ListWatchTest, ExpiredTwiceInAListBacksOff) {
  Sync();
  transport_.watches.push_back(WatchRefusal(500));
  Step();
  transport_.answers = {Refusal(410), Refusal(410), Refusal(410)};
  EXPECT_EQ(Step(), "list rv=5 limit=(none) continue=(none) 0");
  EXPECT_EQ(Step(), "list rv= limit=500 continue=(none) 1600");
  EXPECT_EQ(Step(), "list rv= limit=500 continue=(none) 3200");
}

TEST_F(ListWatchTest, HowAWatchEndsDecidesWhatComesNext) {
  const std::string gone = R"({"type":"ERROR","object":)" + StatusJson(410, "Gone") + "}\n";
  const std::string busy = R"({"type":"ERROR","object":)" + StatusJson(429, "Busy") + "}\n";
  const std::string broken = R"({"type":"ERROR","object":)" + StatusJson(500, "Error") + "}\n";
  const std::string event = EventJson("MODIFIED", "a", "6");
  const std::string bookmark =
      R"({"type":"BOOKMARK","object":{"metadata":{"resourceVersion":"7"}}})"
      "\n";
  const struct {
    const char* name;
    FakeTransport::Watch watch;
    int delay_ms;
    const char* next;  // the request after it
  } kCases[] = {
      {"clean end", Long({event}), 0, "watch rv=6"},
      {"quiet end", Long({}), 0, "watch rv=5"},
      {"bookmark only", {.chunks = {bookmark}}, 0, "watch rv=7"},
      {"unknown type", {.chunks = {"{\"type\":\"NEW\"}\n"}}, 0, "watch rv=5"},
      {"half a line at the end", Long({event, "{\"type\":"}), 0, "watch rv=6"},
      {"ended at once", {}, 800, "watch rv=5"},
      {"silence", Long({}, Kind::kSilence), 0, "watch rv=5"},
      {"no answer", {.end = NoAnswer()}, 800, "watch rv=5"},
      {"429", WatchRefusal(429), 800, "watch rv=5"},
      {"429 with Retry-After", WatchRefusal(429, seconds(7)), 7000, "watch rv=5"},
      {"Retry-After less than the backoff", WatchRefusal(429, seconds(0)), 800, "watch rv=5"},
      {"Retry-After without end", WatchRefusal(503, seconds(1 << 30)), 300'000, "list rv=5"},
      {"410 as status", WatchRefusal(410), 0, "list rv=5"},
      {"410 as event", Long({event + gone}), 0, "list rv=6"},
      {"429 as event", Long({event, busy}), 800, "watch rv=6"},
      {"500 as event", Long({broken}), 800, "list rv=5"},
      {"400", WatchRefusal(400), 800, "list rv=5"},
      {"403", WatchRefusal(403), 800, "list rv=5"},
      {"404", WatchRefusal(404), 800, "list rv=5"},
      {"503", WatchRefusal(503, seconds(2)), 2000, "list rv=5"},
      {"no JSON", Long({event, "<html>\n"}), 800, "list rv=6"},
      {"no end of a line", Long({std::string((4u << 20) + 1, 'x')}), 800, "list rv=5"},
  };
  for (const auto& test : kCases) {
    SCOPED_TRACE(test.name);
    Recorder recorder;
    ListWatch fresh(
        {"services", "/s", ""}, transport_, clock_, [] { return 0.0; }, recorder);
    RefuseStreams(fresh);
    transport_.answers = {Ok(ListJson({"a"}, "5"))};
    transport_.watches = {test.watch};
    EXPECT_EQ(fresh.Step({}), Nanos(0));
    EXPECT_EQ(fresh.Step({}), Nanos(milliseconds(test.delay_ms)));
    EXPECT_THAT(recorder.Names(), ElementsAre("a"));
    transport_.requests.clear();
    (void)fresh.Step({});
    ASSERT_EQ(transport_.requests.size(), 1u);
    const Request& next = transport_.requests[0];
    EXPECT_EQ(
        (Query(next, "watch") == "1" ? "watch rv=" : "list rv=") + Query(next, "resourceVersion"),
        test.next);
  }
}

TEST_F(ListWatchTest, BackoffDoublesIsCappedJitteredAndForgotten) {
  Sync();
  const int kWant[] = {800, 1600, 3200, 6400, 10'000, 10'000};
  for (const int want : kWant) {
    EXPECT_EQ(Step(), "watch rv=5 " + std::to_string(want));
    clock_.Advance(milliseconds(want));
  }
  random_ = 0.5;
  EXPECT_EQ(Step(), "watch rv=5 15000");
  clock_.Advance(seconds(119));
  EXPECT_EQ(Step(), "watch rv=5 15000");
  clock_.Advance(seconds(120));
  EXPECT_EQ(Step(), "watch rv=5 1200");
}

TEST_F(ListWatchTest, NoRefusalKeepsUsAwayForHalfAMinute) {
  random_ = 0.999;
  for (int i = 0; i < 10; ++i) {
    transport_.answers.push_back(Refusal(403, "Forbidden"));
    const std::string step = Step();
    const int delay = std::stoi(step.substr(step.rfind(' ')));
    EXPECT_LT(delay, 20'000);
    clock_.Advance(milliseconds(delay));
  }
  EXPECT_EQ(recorder_.states.back(), (ReflectorState{false, "HTTP 403 Forbidden: said so", 403}));
}

TEST_F(ListWatchTest, ASecondExpirySoonAfterTheFirstBacksOff) {
  Sync();
  transport_.watches = {WatchRefusal(410), WatchRefusal(410)};
  EXPECT_EQ(Step(), "watch rv=5 0");
  transport_.answers.push_back(Ok(ListJson({"a"}, "6")));
  Step();
  EXPECT_EQ(Step(), "watch rv=6 800");
  EXPECT_EQ(list_watch_.counters().restarts_expired, 2u);
}

TEST_F(ListWatchTest, AnExpiryAfterALongAbsenceIsNotPunishedForIt) {
  Sync();
  transport_.watches = {WatchRefusal(410)};
  EXPECT_EQ(Step(), "watch rv=5 0");
  transport_.answers.push_back(Ok(ListJson({"a"}, "6")));
  Step();
  for (int i = 0; i < 5; ++i) EXPECT_THAT(Step(), HasSubstr("watch rv=6 "));
  transport_.watches = {WatchRefusal(410)};
  EXPECT_EQ(Step(), "watch rv=6 800");
}

TEST_F(ListWatchTest, TheErrorIsClearedAsSoonAsTheWatchIsOpen) {
  Sync();
  Step();
  EXPECT_EQ(recorder_.states.back(), (ReflectorState{true, "the script is over"}));
  transport_.watches.push_back(Long({}));
  Step();
  EXPECT_EQ(recorder_.states.back(), (ReflectorState{true, ""}));
}

TEST_F(ListWatchTest, DeletionsMissedMeanwhileAreFoundByTheList) {
  Sync();
  transport_.watches.push_back(WatchRefusal(410));
  transport_.answers.push_back(Ok(ListJson({"c"}, "9")));
  Step();
  Step();
  EXPECT_THAT(recorder_.Names(), ElementsAre("c"));
}

TEST_F(ListWatchTest, AfterStopNothingIsDelivered) {
  stop_.request_stop();
  transport_.answers.push_back(Ok(ListJson({"a"}, "5")));
  Step();
  EXPECT_EQ(recorder_.replaced, 0);
  EXPECT_TRUE(recorder_.states.empty());
}

}  // namespace
}  // namespace stevedore::kube
