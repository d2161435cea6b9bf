#include "controller/publish/route_events.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/controller/publish/event_sample.h"

namespace stevedore::publish {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr const char* kTime = "2026-01-02T00:00:00.000000Z";

// Well, but for one condition.
api::RouteStatus But(const SampleCondition& other) {
  api::RouteStatus status = Well();
  for (api::Condition& condition : status.conditions)
    if (condition.type == other.type) {
      condition.status = other.status;
      condition.reason = other.reason;
      condition.message = other.message;
    }
  return status;
}

api::RouteStatus NotAccepted(const std::string& reason = "PortConflict") {
  return StatusOf({{"Accepted", "False", reason, "port 2614 belongs to other/first"},
                   {"ResolvedRefs", "Unknown", "Pending"},
                   {"Programmed", "False", "Invalid", "the route is not accepted"},
                   {"PeersAvailable", "Unknown", "Pending"}});
}

class RouteEventsTest : public testing::Test {
 protected:
  // "Normal Accepted", ...
  std::vector<std::string> Tell(const RouteUpdate& update) {
    std::vector<std::string> told;
    for (const Event& event : last_ = events_.Observe({update}, kTime))
      told.push_back((event.warning ? "Warning " : "Normal ") + event.reason);
    return told;
  }
  std::vector<std::string> Tell(const api::RouteStatus& status) { return Tell(UpdateTo(status)); }

  RouteEvents events_;
  std::vector<Event> last_;
};

TEST_F(RouteEventsTest, TellsWhatANewRouteBecameOnce) {
  EXPECT_THAT(Tell(But({"Programmed", "Unknown", "Pending"})), ElementsAre("Normal Accepted"));
  EXPECT_THAT(last_[0].note, HasSubstr("2614"));
  EXPECT_THAT(Tell(Well()), ElementsAre("Normal Programmed"));
  const ObjectReference route{
      "stevedore.io/v1alpha1", "StevedoreRoute", "game", "kcp", "u-1", "100"};
  EXPECT_EQ(last_[0].regarding, route);
  EXPECT_EQ(last_[0].action, "Program");
  EXPECT_EQ(last_[0].time, kTime);
  EXPECT_NE(last_[0].note, "");
  EXPECT_THAT(Tell(Well()), IsEmpty());
}

TEST_F(RouteEventsTest, TellsEachBadTurnWithItsReasonAndTheWayBack) {
  Tell(Well());
  EXPECT_THAT(Tell(NotAccepted()), ElementsAre("Warning PortConflict"))
      << "and not that it is not programmed either";
  EXPECT_EQ(last_[0].note, "port 2614 belongs to other/first");
  EXPECT_THAT(Tell(NotAccepted("PeerNotPermitted")), ElementsAre("Warning PeerNotPermitted"));
  EXPECT_THAT(Tell(Well()), ElementsAre("Normal Accepted", "Normal Programmed"));

  EXPECT_THAT(Tell(But({"ResolvedRefs", "False", "ServiceNotFound", "no Service pods"})),
              ElementsAre("Warning ServiceNotFound"));
  EXPECT_THAT(Tell(Well()), ElementsAre("Normal ResolvedRefs"));
  for (const char* reason : {"NoPeers", "AllProbesFailing"}) {
    EXPECT_THAT(Tell(But({"PeersAvailable", "False", reason})),
                ElementsAre(std::string("Warning ") + reason));
    EXPECT_THAT(Tell(Well()), ElementsAre("Normal PeersReady"));
  }
  for (const char* reason : {"BindFailed", "ProxyRejected", "ProxyUnreachable"}) {
    EXPECT_THAT(Tell(But({"Programmed", "False", reason})),
                ElementsAre(std::string("Warning ") + reason));
    EXPECT_THAT(Tell(Well()), ElementsAre("Normal Programmed"));
  }
}

TEST_F(RouteEventsTest, TellsAConflictWheneverItAppears) {
  Tell(Well());
  api::RouteStatus shadowed = Well();
  shadowed.conditions.push_back({"Conflicted", "True", 4, "", "RuleShadowed", "rule v1"});
  for (int i = 0; i < 2; ++i) {
    EXPECT_THAT(Tell(shadowed), ElementsAre("Warning RuleShadowed"));
    EXPECT_THAT(Tell(Well()), IsEmpty());
  }
}

TEST_F(RouteEventsTest, TellsTheLossOfAPortOnce) {
  api::RouteStatus lost = NotAccepted();
  lost.conditions.push_back({"Conflicted", "True", 4, "", "PortOwnedByOtherNamespace", "other"});
  EXPECT_THAT(Tell(lost), ElementsAre("Warning PortConflict"));
}

TEST_F(RouteEventsTest, TellsWhenBackupPeersServe) {
  Tell(Well());
  const api::RouteStatus backup = But({"PeersAvailable", "False", "UsingBackup", "upstream a"});
  EXPECT_THAT(Tell(backup), ElementsAre("Warning BackupActivated"));
  EXPECT_THAT(Tell(backup), IsEmpty());
  api::RouteStatus waiting = Well();  // what the proxy knows is out of date for a moment
  waiting.conditions[2] = {"Programmed", "Unknown", 5, "", "Pending", ""};
  EXPECT_THAT(Tell(waiting), IsEmpty());
  EXPECT_THAT(Tell(backup), IsEmpty());
  EXPECT_THAT(Tell(Well()), ElementsAre("Normal BackupDeactivated"));
}

TEST_F(RouteEventsTest, WaitingMessagesAndCountsAreNoNews) {
  Tell(Well());
  EXPECT_THAT(Tell(But({"Programmed", "Unknown", "Pending"})), IsEmpty());
  EXPECT_THAT(Tell(Well()), IsEmpty());
  api::RouteStatus other = Well();
  other.peer_summary = "2/3";
  other.upstreams = {{"a", 3, 2, 2, 0, false}};
  other.conditions[0].message = "other words";
  EXPECT_THAT(Tell(other), IsEmpty());
}

TEST_F(RouteEventsTest, WhatTheObjectSaysWasToldBefore) {
  EXPECT_THAT(Tell(UpdateTo(But({"Programmed", "Unknown", "Pending"}), Well())), IsEmpty());
  EXPECT_THAT(Tell(UpdateTo(Well(), Well())), IsEmpty());
  EXPECT_THAT(Tell(UpdateTo(But({"Programmed", "False", "BindFailed"}), Well())),
              ElementsAre("Warning BindFailed"));
}

TEST_F(RouteEventsTest, StartsAnewWithTheObjectOrAfterAnother) {
  Tell(Well());
  RouteUpdate again = UpdateTo(Well());
  again.uid = "u-2";
  EXPECT_THAT(Tell(again), ElementsAre("Normal Accepted", "Normal Programmed"));
  EXPECT_THAT(events_.Observe({}, kTime), IsEmpty());
  EXPECT_THAT(Tell(again), ElementsAre("Normal Accepted", "Normal Programmed"))
      << "it was gone meanwhile";
  events_.Forget();
  again.former = But({"Programmed", "False", "BindFailed"});
  EXPECT_THAT(Tell(again), ElementsAre("Normal Programmed")) << "another replica told the rest";
}

TEST_F(RouteEventsTest, SaysNothingOfRoutesThatAnotherControllerKeeps) {
  RouteUpdate update = UpdateTo(Well());
  update.foreign = true;
  EXPECT_THAT(Tell(update), IsEmpty());
  update.foreign = false;
  EXPECT_THAT(Tell(update), ElementsAre("Normal Accepted", "Normal Programmed"));
}

}  // namespace
}  // namespace stevedore::publish
