#include "controller/publish/port_plan.h"

#include <gtest/gtest.h>

#include "tests/controller/publish/service_sample.h"

namespace stevedore::publish {
namespace {

using api::Service;
using std::chrono::seconds;
using Ports = std::set<std::int64_t>;

constexpr Nanos kStart{seconds(1000)};

// "7000 7001(keys)"; "-": nothing to apply.
std::string Text(const PlannedPorts& plan) {
  if (!plan.apply) return "-";
  std::string text;
  for (const api::AppliedPort& port : *plan.apply) {
    text += (text.empty() ? "" : " ") + std::to_string(port.port);
    if (!port.name && !port.target_port)
      text += "(keys)";
    else if (!port.name || !port.target_port)
      text += port.name ? "(name)" : "(target)";
  }
  return text;
}

std::string PlanOf(const Service& live, const Ports& wanted, const PortLimits& limits = {}) {
  PortPlan plan;
  return Text(plan.Make(wanted, &live, limits, kStart));
}

// The entry with what another manager set of it.
api::ServicePort Touched(api::ServicePort entry, api::PortClaim claim) {
  entry.claims.push_back(std::move(claim));
  return entry;
}

TEST(PortPlan, AddsWhatIsMissingAndRestsWhenItIsThere) {
  EXPECT_EQ(PlanOf(SampleService(), {}), "-");
  EXPECT_EQ(PlanOf(SampleService(), {7000, 7001}), "7000 7001");
  EXPECT_EQ(PlanOf(SampleService(OurEntry(7000)), {7000, 7001}), "7000 7001");
  EXPECT_EQ(PlanOf(SampleService(OurEntry(7000)), {7000}), "-");
  PortPlan plan;
  const Service live = SampleService(OurEntry(7000));
  EXPECT_EQ(plan.Make({7000, 7001}, &live, {}, kStart).added, std::vector<std::int64_t>{7001});
}

TEST(PortPlan, LeavesEntriesToWhoeverMadeThem) {
  struct Row {
    const char* what;
    api::ServicePort entry;
    std::string expected;  // with 7000 and 7001 wanted
  };
  api::ServicePort unclaimed = EntryOf("x", false, 7000, "whatever");
  unclaimed.claims.clear();
  const Row rows[] = {
      {"pinned by client-side apply", EntryOf("kubectl", false, 7000, "game"), "7001"},
      {"pinned by server-side apply", EntryOf("user", true, 7000, "udp-7000"), "7001"},
      {"an update of that name is no apply of ours", EntryOf(kPortManager, false, 7000, "game"),
       "7001"},
      {"TCP of the same number", EntryOf("helm", true, 7000, "web", "TCP"), "7000 7001"},
      {"a nodePort that was set on ours",
       Touched(OurEntry(7000), {"kubectl-edit", false, false, false, false}), "7000 7001"},
      {"ours under another name", Touched(OurEntry(7000), {"kubectl", false, false, true, false}),
       "7000(target) 7001"},
      {"ours, all of it changed", Touched(OurEntry(7000), {"kubectl", false, false, true, true}),
       "7000(keys) 7001"},
      {"listed by both, with names", Touched(OurEntry(7000), {"user", true, true, true, true}),
       "7001"},
      {"listed by both, without a name of theirs",
       Touched(OurEntry(7000), {"user", true, true, false, false}), "7000 7001"},
      {"nobody's", unclaimed, "7000 7001"},
  };
  for (const Row& row : rows)
    EXPECT_EQ(PlanOf(SampleService(row.entry), {7000, 7001}), row.expected) << row.what;
}

TEST(PortPlan, AppliesAgainWhatSomebodyChanged) {
  api::ServicePort entry = OurEntry(7000);
  entry.target_port = 9;
  EXPECT_EQ(PlanOf(SampleService(entry), {7000}), "7000");
  entry = OurEntry(7000);
  entry.name = "other";
  EXPECT_EQ(PlanOf(SampleService(entry), {7000}), "7000");
  entry = OurEntry(7000);
  entry.claims[0].name = false;
  EXPECT_EQ(PlanOf(SampleService(entry), {7000}), "7000");
}

TEST(PortPlan, KeepsAPortForAMinuteAfterItsLastRoute) {
  PortPlan plan;
  const Service live = SampleService(OurEntry(7000), OurEntry(7001));
  const auto at = [&](int second, const Ports& wanted) {
    return Text(plan.Make(wanted, &live, {}, kStart + seconds(second)));
  };
  EXPECT_EQ(at(0, {7000, 7001}), "-");
  EXPECT_EQ(at(10, {7000}), "-");
  EXPECT_EQ(at(69, {7000}), "-");
  EXPECT_EQ(at(70, {7000}), "7000");
  EXPECT_EQ(at(71, {7000, 7001}), "-") << "the route is back";
  EXPECT_EQ(at(100, {7000}), "-");
  EXPECT_EQ(at(159, {7000}), "-");
  EXPECT_EQ(at(160, {7000}), "7000");
}

TEST(PortPlan, GivesPortsOfAFormerProcessAMinuteToo) {
  PortPlan plan;
  const Service live = SampleService(OurEntry(7000));
  EXPECT_EQ(Text(plan.Make({}, &live, {}, kStart)), "-");
  EXPECT_EQ(Text(plan.Make({}, &live, {}, kStart + seconds(59))), "-");
  EXPECT_EQ(Text(plan.Make({}, &live, {}, kStart + seconds(60))), "");
}

TEST(PortPlan, BringsBackAPortOfTheGraceThatWasTakenAway) {
  PortPlan plan;
  const Service full = SampleService(OurEntry(7000), OurEntry(7001));
  plan.Make({7000, 7001}, &full, {}, kStart);
  plan.Make({7000}, &full, {}, kStart + seconds(1));
  const Service replaced = SampleService();
  EXPECT_EQ(Text(plan.Make({7000}, &replaced, {}, kStart + seconds(2))), "7000 7001");
}

TEST(PortPlan, HoldsWhatOthersSetSomethingOn) {
  PortPlan plan;
  const Service live =
      SampleService(Touched(OurEntry(7000), {"kubectl-edit", false, false, false, false}),
                    Touched(OurEntry(7001), {"user", true, true, true, true}), OurEntry(7002));
  EXPECT_EQ(Text(plan.Make({}, &live, {}, kStart)), "7000 7002") << "7001 is theirs at once";
  EXPECT_EQ(Text(plan.Make({}, &live, {}, kStart + seconds(600))), "7000");
}

TEST(PortPlan, NeverLeavesAServiceWithoutPorts) {
  PortPlan plan;
  Service live = SampleService(OurEntry(7000), OurEntry(7001));
  live.ports.erase(live.ports.begin());
  plan.Make({}, &live, {}, kStart);
  EXPECT_EQ(Text(plan.Make({}, &live, {}, kStart + seconds(60))), "7000");
}

TEST(PortPlan, SaysWhichPortsCannotBe) {
  PortPlan plan;
  const Service live = SampleService(EntryOf("helm", true, 80, "udp-7000", "TCP"));
  const PlannedPorts planned = plan.Make({7000, 7001}, &live, {}, kStart);
  EXPECT_EQ(Text(planned), "7001");
  EXPECT_EQ(planned.refused.at(7000), "the name udp-7000 is taken by its port 80/TCP");

  Service unnamed = SampleService();
  unnamed.ports = {EntryOf("kubectl", false, 80, "", "TCP")};
  const PlannedPorts alone = plan.Make({7000}, &unnamed, {}, kStart);
  EXPECT_EQ(Text(alone), "-");
  EXPECT_EQ(alone.refused.at(7000), "its port 80/TCP has no name, so it takes no other");
}

TEST(PortPlan, SaysWhyTheServiceIsOfNoUse) {
  PortPlan plan;
  const auto problem = [&](const Service* live) {
    const PlannedPorts planned = plan.Make({7000}, live, {}, kStart);
    EXPECT_EQ(Text(planned), "-");
    return planned.problem;
  };
  EXPECT_EQ(problem(nullptr), "does not exist, or the controller may not read it");
  Service live = SampleService();
  live.type = "ExternalName";
  EXPECT_EQ(problem(&live), "is of type ExternalName, which leads to no pods");
  live = SampleService();
  live.meta.deleting = true;
  EXPECT_EQ(problem(&live), "is being deleted");
}

TEST(PortPlan, KeepsToItsLimits) {
  EXPECT_EQ(PlanOf(SampleService(), {1, 2, 3, 4}, {{}, 2}), "1 2");
  EXPECT_EQ(PlanOf(SampleService(OurEntry(4)), {1, 2, 3, 4}, {{}, 1}), "1 4");
  EXPECT_EQ(PlanOf(SampleService(), {1, 2, 3}, {{{1, "no"}}, 1}), "2");
  // What is refused and ours stays ours; what is nobody's is left alone.
  EXPECT_EQ(PlanOf(SampleService(OurEntry(1)), {1}, {{{1, "no"}}}), "-");
  api::ServicePort unclaimed = OurEntry(1);
  unclaimed.claims.clear();
  EXPECT_EQ(PlanOf(SampleService(unclaimed), {1}, {{{1, "no"}}}), "-");
  PortPlan plan;
  const Service live = SampleService();
  EXPECT_EQ(plan.Make({1}, &live, {{{1, "no"}}}, kStart).refused.at(1), "no");
}

TEST(Lists, LooksAtUdpOnly) {
  const Service live = SampleService(EntryOf("helm", true, 80, "web", "TCP"));
  EXPECT_TRUE(Lists(live, 65535));
  EXPECT_FALSE(Lists(live, 80));
}

}  // namespace
}  // namespace stevedore::publish
