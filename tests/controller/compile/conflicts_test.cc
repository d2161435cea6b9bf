#include "controller/compile/conflicts.h"

#include <gtest/gtest.h>

namespace stevedore::compile {
namespace {

using api::Reason;

Candidate Make(const char* ns, const char* name, const char* created = "", int priority = 0) {
  Candidate candidate;
  candidate.route.key = candidate.report.key = {ns, name};
  candidate.route.created = created;
  candidate.route.priority = priority;
  candidate.route.port = 7000;
  candidate.report.accepted = {api::ConditionStatus::kTrue, Reason::kAccepted, ""};
  return candidate;
}

config::Rule Rule(const char* name, std::vector<config::Condition> match) {
  return {name, std::move(match), "deny"};
}

std::string Names(const Candidates& candidates) {
  std::string names;
  for (const Candidate* candidate : candidates) names += candidate->route.key.name + " ";
  return names;
}

TEST(SortByClaim, TheOldestIsFirstThenTheName) {
  Candidate a = Make("z", "a", "2026-01-02T00:00:00Z"), b = Make("y", "b", "2026-01-01T00:00:00Z"),
            c = Make("x", "c", "2026-01-02T00:00:00Z"), d = Make("a", "d");
  Candidates candidates = {&a, &b, &c, &d};
  SortByClaim(candidates, false);
  EXPECT_EQ(Names(candidates), "b c a d ");
  SortByClaim(candidates, true);
  EXPECT_EQ(Names(candidates), "d c b a ");
}

TEST(SortByPriority, HighIsFirstThenTheNameAndAgeIsNothing) {
  Candidate a = Make("n", "a", "2026-01-02T00:00:00Z"), b = Make("n", "b", "2026-01-01T00:00:00Z"),
            c = Make("n", "c", "", 5), d = Make("a", "d", "", -5);
  Candidates candidates = {&d, &c, &b, &a};
  SortByPriority(candidates);
  EXPECT_EQ(Names(candidates), "c a b d ");
}

TEST(SettlePorts, ANamespaceOwnsAPortOnAllAddresses) {
  Candidate owner = Make("a", "1"), mate = Make("a", "2"), thief = Make("b", "3"),
            free = Make("b", "4");
  thief.route.address = "192.0.2.1";
  free.route.port = 7001;
  SettlePorts({&owner, &mate, &thief, &free});
  EXPECT_TRUE(owner.report.is_accepted());
  EXPECT_TRUE(mate.report.is_accepted());
  EXPECT_TRUE(free.report.is_accepted());
  EXPECT_EQ(thief.report.accepted.reason, Reason::kPortConflict);
  EXPECT_EQ(thief.report.conflicted->reason, Reason::kPortOwnedByOtherNamespace);
}

TEST(ListenerBudget, TakesARouteWholeOrNot) {
  RouteModel many, one;
  for (int i = 0; i < 63; ++i)
    many.rules.push_back(Rule("r", {{i, i + 1, config::Operator::kEqual, "0x01"}}));
  one.rules = {Rule("r", {{100, 101, config::Operator::kEqual, "0x01"}}),
               Rule("r", {{101, 102, config::Operator::kEqual, "0x01"}})};
  ListenerBudget budget;
  EXPECT_FALSE(budget.Add(many));
  EXPECT_FALSE(budget.Add(many));  // the same shapes cost nothing more
  EXPECT_TRUE(budget.Add(one));
  one.rules.pop_back();
  EXPECT_FALSE(budget.Add(one));
}

TEST(ListenerBudget, RulesAreLimited) {
  RouteModel route;
  route.rules.assign(4000, Rule("r", {{0, 1, config::Operator::kEqual, "0x01"}}));
  ListenerBudget budget;
  EXPECT_FALSE(budget.Add(route));
  EXPECT_TRUE(budget.Add(route));
}

TEST(MarkShadowedRules, ComparesMeaningNotText) {
  using Op = config::Operator;
  struct Case {
    std::vector<config::Condition> earlier, later;
    bool shadowed;
  };
  const Case cases[] = {
      {{{0, 1, Op::kEqual, "0x01"}}, {{0, 1, Op::kEqual, "0b00000001"}}, true},
      {{{0, 2, Op::kEqual, "0x0102"}},
       {{1, 2, Op::kEqual, "0x02"}, {0, 1, Op::kEqual, "0x01"}},
       true},
      {{{0, 1, Op::kSuperset, "0xff"}}, {{0, 1, Op::kEqual, "0xff"}}, true},
      {{{0, 1, Op::kNotEqual, "0x01"}, {2, 3, Op::kNotEqual, "0x01"}},
       {{2, 3, Op::kNotEqual, "0x01"}, {0, 1, Op::kNotEqual, "0x01"}},
       true},
      {{{0, 1, Op::kEqual, "0x01"}}, {{0, 1, Op::kNotEqual, "0x01"}}, false},
      {{{0, 1, Op::kEqual, "0x01"}}, {{0, 1, Op::kEqual, "0x02"}}, false},
      {{{0, 1, Op::kEqual, "0x01"}}, {{1, 2, Op::kEqual, "0x01"}}, false},
      // The same bytes, but the later one also wants a longer datagram.
      {{{0, 1, Op::kEqual, "0x01"}},
       {{0, 1, Op::kEqual, "0x01"}, {8, 9, Op::kSuperset, "0x00"}},
       false},
  };
  for (const Case& c : cases) {
    Candidate a = Make("n", "a"), b = Make("n", "b");
    a.route.rules = {Rule("first", c.earlier)};
    b.route.rules = {Rule("second", c.later)};
    MarkShadowedRules({&a, &b});
    EXPECT_FALSE(a.report.conflicted);
    EXPECT_EQ(b.report.conflicted.has_value(), c.shadowed) << c.later[0].value;
    if (c.shadowed) {
      EXPECT_NE(b.report.conflicted->message.find("n/b/second"), std::string::npos);
      EXPECT_NE(b.report.conflicted->message.find("n/a/first"), std::string::npos);
    }
  }
}

TEST(SettleDefaultUpstream, TheFirstThatHasOneDecides) {
  Candidate a = Make("n", "a"), b = Make("n", "b"), c = Make("n", "c");
  EXPECT_EQ(SettleDefaultUpstream({&a, &b, &c}), nullptr);
  b.route.default_upstream = c.route.default_upstream = "x";
  EXPECT_EQ(SettleDefaultUpstream({&a, &b, &c}), &b);
  EXPECT_FALSE(b.report.conflicted);
  EXPECT_EQ(c.report.conflicted->reason, Reason::kDefaultUpstreamConflict);
}

TEST(MarkSettingsConflicts, OnlyWhatIsSetAndOther) {
  Candidate owner = Make("n", "a"), same = Make("n", "b"), other = Make("n", "c");
  owner.route.tunables.max_tries = 5;
  same.route.tunables.max_tries = 5;
  other.route.tunables.max_tries = 3;  // the default, but not what the owner set
  MarkSettingsConflicts(owner, {&owner, &same, &other});
  EXPECT_FALSE(owner.report.conflicted);
  EXPECT_FALSE(same.report.conflicted);
  EXPECT_EQ(other.report.conflicted->reason, Reason::kListenerSettingsConflict);
}

TEST(Conflicts, SeveralAddUp) {
  Candidate a = Make("n", "a");
  AddConflict(a, Reason::kListenerSettingsConflict, "one");
  AddConflict(a, Reason::kRuleShadowed, "two");
  EXPECT_EQ(a.report.conflicted->reason, Reason::kListenerSettingsConflict);
  EXPECT_EQ(a.report.conflicted->message, "one; two");
}

}  // namespace
}  // namespace stevedore::compile
