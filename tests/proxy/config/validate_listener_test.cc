#include <gtest/gtest.h>

#include <functional>

#include "proxy/config/byte_match.h"
#include "proxy/config/limits.h"
#include "tests/proxy/config/sample.h"

namespace stevedore::config {
namespace {

struct Case {
  std::function<void(Listener&)> bend;
  const char* errors;
};

void ExpectErrors(const std::vector<Case>& cases) {
  for (const Case& c : cases) {
    ProxyConfig config = SampleConfig();
    c.bend(config.listeners[0]);
    EXPECT_EQ(ErrorsOf(config), c.errors);
  }
}

TEST(CheckListener, KeepsEveryBound) {
  ExpectErrors({
      {[](Listener& l) { l.name = ""; }, "listeners[0].name: \"\": must not be empty\n"},
      {[](Listener& l) { l.port = 0; }, "listeners[0].port: 0: must be 1 to 65535\n"},
      {[](Listener& l) { l.port = 65536; }, "listeners[0].port: 65536: must be 1 to 65535\n"},
      {[](Listener& l) { l.port = 65535; }, ""},
      {[](Listener& l) { l.address = "0.0.0.0"; }, ""},
      {[](Listener& l) { l.address = "10.0.0.1"; }, ""},
      {[](Listener& l) { l.address = ""; },
       "listeners[0].address: \"\": must be an IPv4 or IPv6 address\n"},
      {[](Listener& l) { l.address = "224.0.0.1"; },
       "listeners[0].address: \"224.0.0.1\" is multicast: must be a unicast address\n"},
      {[](Listener& l) { l.max_datagram_bytes = 511; },
       "listeners[0].maxDatagramBytes: 511: must be 512 to 65535\n"},
      {[](Listener& l) { l.max_datagram_bytes = 512; }, ""},
      {[](Listener& l) { l.max_datagram_bytes = 65536; },
       "listeners[0].maxDatagramBytes: 65536: must be 512 to 65535\n"},
      {[](Listener& l) { l.max_tries = 0; }, "listeners[0].maxTries: 0: must be 1 to 16\n"},
      {[](Listener& l) { l.max_tries = 17; }, "listeners[0].maxTries: 17: must be 1 to 16\n"},
  });
}

TEST(CheckListener, KeepsSessionBounds) {
  ExpectErrors({
      {[](Listener& l) { l.session = {1, 1, 1, 1, 0, 0}; }, ""},
      {[](Listener& l) { l.session = {86400, 86400, 86400, 10000000, 10000000, 1000}; }, ""},
      {[](Listener& l) { l.session = {0, 0, 0, 0, -1, -1}; },
       "listeners[0].session.idleTimeoutSeconds: 0: must be 1 to 86400\n"
       "listeners[0].session.embryonicTimeoutSeconds: 0: must be 1 to 86400\n"
       "listeners[0].session.maxReplyOnlySeconds: 0: must be 1 to 86400\n"
       "listeners[0].session.maxSessions: 0: must be 1 to 10000000\n"
       "listeners[0].session.maxSessionsPerSource: -1: must be 0 to 10000000\n"
       "listeners[0].session.maxReplyRatio: -1: must be 0 to 1000\n"},
      {[](Listener& l) { l.session = {86401, 86401, 86401, 10000001, 10000001, 1001}; },
       "listeners[0].session.idleTimeoutSeconds: 86401: must be 1 to 86400\n"
       "listeners[0].session.embryonicTimeoutSeconds: 86401: must be 1 to 86400\n"
       "listeners[0].session.maxReplyOnlySeconds: 86401: must be 1 to 86400\n"
       "listeners[0].session.maxSessions: 10000001: must be 1 to 10000000\n"
       "listeners[0].session.maxSessionsPerSource: 10000001: must be 0 to 10000000\n"
       "listeners[0].session.maxReplyRatio: 1001: must be 0 to 1000\n"},
  });
}

TEST(CheckListener, ChecksLimitsOfClients) {
  const auto ranges = [](int count) {
    std::vector<std::string> made;
    for (int i = 0; i < count; ++i) made.push_back("10.0." + std::to_string(i) + ".0/24");
    return made;
  };
  ExpectErrors({
      {[&](Listener& l) { l.allow = l.deny = ranges(64); }, ""},
      {[&](Listener& l) { l.allow = ranges(65); },
       "listeners[0].allow: 65 entries: must be at most 64\n"},
      {[](Listener& l) {
         l.allow = {"10.0.0.0"};
         l.deny = {"::/0", "10.1.2.3/8", "::/0"};
       },
       "listeners[0].allow[0]: \"10.0.0.0\": must be an address range such as 10.0.0.0/8 or "
       "2001:db8::/32\n"
       "listeners[0].deny[1]: \"10.1.2.3/8\": must be a network address and its prefix in "
       "canonical form: \"10.0.0.0/8\"\n"
       "listeners[0].deny[2]: \"::/0\": is in the list above: must stand there once\n"},
      {[](Listener& l) {
         l.rate_limit = SourceRate{1, 1000000000};
       },
       ""},
      {[](Listener& l) {
         l.rate_limit = SourceRate{0, std::nullopt};
       },
       "listeners[0].rateLimit.datagramsPerSecond: 0: must be 1 to 1000000000\n"},
      {[](Listener& l) {
         l.rate_limit = SourceRate{1000000001, 0};
       },
       "listeners[0].rateLimit.datagramsPerSecond: 1000000001: must be 1 to 1000000000\n"
       "listeners[0].rateLimit.burst: 0: must be 1 to 1000000000\n"},
  });
}

TEST(CheckListener, ResolvesReferences) {
  ExpectErrors({
      {[](Listener& l) { l.default_upstream = "a"; }, ""},
      {[](Listener& l) { l.rules[0].upstream = "deny"; }, ""},
      {[](Listener& l) { l.rules.clear(); }, ""},
      {[](Listener& l) { l.default_upstream = ""; },
       "listeners[0].defaultUpstream: \"\": no upstream has this name: write the name of an "
       "upstream, or \"deny\"\n"},
      {[](Listener& l) { l.rules[0].upstream = "b"; },
       "listeners[0].rules[0].upstream: \"b\": no upstream has this name: write the name of an "
       "upstream, or \"deny\"\n"},
  });
}

TEST(CheckListener, ChecksRules) {
  ExpectErrors({
      {[](Listener& l) { l.rules.push_back(l.rules[0]); },
       "listeners[0].rules[1].name: \"v1\": also the name of entry 0: names in rules must be "
       "unique\n"},
      {[](Listener& l) { l.rules[0].match.clear(); },
       "listeners[0].rules[0].match: an empty list: must hold at least one condition\n"},
      {[](Listener& l) { l.rules[0].match.assign(8, SampleCondition()); }, ""},
      {[](Listener& l) { l.rules[0].match.assign(9, SampleCondition()); },
       "listeners[0].rules[0].match: 9 entries: must be at most 8\n"},
      {[](Listener& l) { l.rules[0].match[0].value = "0x01"; },
       "listeners[0].rules[0].match[0].value: \"0x01\" is 1 byte, but start 4 to end 6 is 2 bytes: "
       "write 4 hex digits\n"},
      {[](Listener& l) { l.rules[0].match[0].end = 4; },
       "listeners[0].rules[0].match[0].end: 4: must be greater than the start, 4 (the end is one "
       "past the last byte)\n"},
      {[](Listener& l) { l.rules[0].match[0].start = INT64_MIN; },
       "listeners[0].rules[0].match[0].start: -9223372036854775808: must be 0 to 2047\n"},
  });
}

// `count` rules over as many different ranges.
void SpreadRules(Listener& listener, std::size_t count) {
  listener.rules.clear();
  for (std::size_t i = 0; i < count; ++i) {
    const auto start = static_cast<std::int64_t>(i);
    listener.rules.push_back(
        {"r" + std::to_string(i), {{start, start + 1, Operator::kEqual, "0x01"}}, "a"});
  }
}

TEST(CheckListener, CountsShapes) {
  ExpectErrors({
      {[](Listener& l) { SpreadRules(l, kMaxShapes); }, ""},
      {[](Listener& l) { SpreadRules(l, kMaxShapes + 1); },
       "listeners[0].rules: 65 different combinations of byte ranges and masks: must be at most "
       "64, since each costs a look-up per datagram\n"},
  });
}

// Many values over one range are one shape, up to the number of rules.
TEST(CheckListener, CountsRules) {
  const auto same_range = [](Listener& listener, std::size_t count) {
    listener.rules.clear();
    for (std::size_t i = 0; i < count; ++i) {
      const Bytes value = {static_cast<std::uint8_t>(i >> 8), static_cast<std::uint8_t>(i)};
      listener.rules.push_back(
          {"r" + std::to_string(i), {{4, 6, Operator::kEqual, FormatHex(value)}}, "a"});
    }
  };
  ExpectErrors({
      {[&](Listener& l) { same_range(l, kMaxRules); }, ""},
      {[&](Listener& l) { same_range(l, kMaxRules + 1); },
       "listeners[0].rules: 4097 entries: must be at most 4096\n"},
  });
}

}  // namespace
}  // namespace stevedore::config
