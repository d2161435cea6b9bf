#include "controller/convert/nginx_probe.h"

#include "tests/controller/convert/parsed.h"

namespace stevedore::convert {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;

std::optional<config::HealthCheck> Read(const std::string& text, Conversion& into) {
  return ReadNginxProbe(ReaderOf(text, into));
}

TEST(NginxString, KnowsItsEscapes) {
  EXPECT_EQ(ParseNginxString("ab"), (config::Bytes{'a', 'b'}));
  EXPECT_EQ(ParseNginxString(R"(\x0c\xFFa)"), (config::Bytes{0x0c, 0xff, 'a'}));
  EXPECT_EQ(ParseNginxString(R"(\r\n\t\"\\)"), (config::Bytes{'\r', '\n', '\t', '"', '\\'}));
  EXPECT_EQ(ParseNginxString(""), config::Bytes{});
  for (const char* text : {R"(\x)", R"(\x1)", R"(\xzz)", R"(a\x1)"})
    EXPECT_FALSE(ParseNginxString(text)) << text;
}

TEST(NginxProbe, HasTheDefaultsOfNginx) {
  Conversion into;
  const auto probe = Read("{enable: true}", into);
  ASSERT_TRUE(probe);
  EXPECT_EQ(probe->period_seconds, 5);
  EXPECT_EQ(probe->timeout_seconds, 5);
  EXPECT_EQ(probe->success_threshold, 1);
  EXPECT_EQ(probe->failure_threshold, 1);
  EXPECT_EQ(probe->payload, "0x6e67696e78206865616c746820636865636b");
  EXPECT_EQ(probe->expect, config::Expect::kNoError);
  EXPECT_FALSE(Read("{enable: false, port: 5}", into));
  EXPECT_FALSE(Read("{interval: 5s}", into));
  EXPECT_THAT(into.losses, IsEmpty());
}

TEST(NginxProbe, SendsAndExpectsBytes) {
  Conversion into;
  const auto probe = Read(R"({enable: true, interval: 20s, timeout: 3s, fails: 2, passes: 3,
               match: {send: '\x01?', expect: ')" +
                              std::string(70, 'a') + "'}}",
                          into);
  ASSERT_TRUE(probe);
  EXPECT_EQ(probe->period_seconds, 20);
  EXPECT_EQ(probe->timeout_seconds, 3);
  EXPECT_EQ(probe->failure_threshold, 2);
  EXPECT_EQ(probe->success_threshold, 3);
  EXPECT_EQ(probe->payload, "0x013f");
  EXPECT_EQ(probe->expect, config::Expect::kReply);
  ASSERT_EQ(probe->expect_bytes.size(), 2u);
  EXPECT_EQ(probe->expect_bytes[0].end, 64);
  EXPECT_EQ(probe->expect_bytes[1],
            (config::Condition{64, 70, config::Operator::kEqual, "0x616161616161"}));
  EXPECT_THAT(into.losses, IsEmpty());
}

TEST(NginxProbe, LosesWhatAProbeCannotDo) {
  const std::pair<const char*, const char*> cases[] = {
      {"{enable: true, port: 8080}", "port: 8080"},
      {"{enable: true, jitter: 1s}", "jitter: \"1s\""},
      {"{enable: true, match: {expect: '~* ok'}}", "match.expect: \"~* ok\": regular"},
      {"{enable: true, fails: 20}", "fails: 20: 10 is used"},
      {"{enable: true, interval: 2s, timeout: 3s}", "timeout: \"3s\": the interval is used"},
      {"{enable: true, mandatory: true}", "mandatory: true: not known"},
  };
  for (const auto& [text, line] : cases) {
    Conversion into;
    EXPECT_TRUE(Read(text, into)) << text;
    ASSERT_EQ(into.losses.size(), 1u) << text;
    EXPECT_THAT(ToString(into.losses[0]), HasSubstr(line));
    EXPECT_THAT(into.errors, IsEmpty());
  }
}

TEST(NginxProbe, RefusesBrokenEscapes) {
  for (const char* field : {"send", "expect"}) {
    Conversion into;
    Read("{enable: true, match: {" + std::string(field) + R"(: '\x0'}})", into);
    ASSERT_EQ(into.errors.size(), 1u);
    EXPECT_EQ(into.errors[0].place.field, "match." + std::string(field));
  }
}

}  // namespace
}  // namespace stevedore::convert
