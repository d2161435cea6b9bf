#include "proxy/control/config_loader.h"

#include <gtest/gtest.h>

#include "proxy/config/digest.h"
#include "tests/proxy/report/sample.h"

namespace stevedore::control {
namespace {

TEST(ConfigLoader, TellsAnAppliedConfig) {
  ConfigLoader loader;
  const std::string text = ConfigText(ListenerText("a", 7000));
  EXPECT_FALSE(loader.Seen(text));
  const auto outcome = loader.Load(text);
  ASSERT_TRUE(outcome.config);
  EXPECT_TRUE(loader.Seen(text));
  EXPECT_FALSE(loader.Seen(text + "\n"));
  EXPECT_TRUE(loader.attempt().applied);
  EXPECT_EQ(loader.attempt().digest, config::Digest(**outcome.config));
  EXPECT_TRUE(loader.attempt().errors.empty());
  EXPECT_EQ(loader.successes(), 1u);
  EXPECT_EQ(loader.failures(), 0u);
}

TEST(ConfigLoader, ARefusedConfigHasADigestIfItDecodes) {
  ConfigLoader loader;
  const std::string invalid = ConfigText(ListenerText("a", 7000, "nobody"));
  EXPECT_FALSE(loader.Load(invalid).config);
  EXPECT_FALSE(loader.attempt().applied);
  EXPECT_NE(loader.attempt().digest, "");
  ASSERT_EQ(loader.attempt().errors.size(), 1u);
  EXPECT_EQ(loader.attempt().errors[0].path, "listeners[0].defaultUpstream");
  EXPECT_TRUE(loader.Seen(invalid)) << "it need not be tried again";

  EXPECT_FALSE(loader.Load("{").config);
  EXPECT_EQ(loader.attempt().digest, "");
  EXPECT_FALSE(loader.attempt().errors.empty());
  EXPECT_EQ(loader.failures(), 2u);
}

TEST(ConfigLoader, AnUnreadableFileIsARejectedAttempt) {
  ConfigLoader loader;
  const std::string text = ConfigText("");
  ASSERT_TRUE(loader.Load(text).config);
  loader.Reject({Errc::kInvalid, "too long"});
  EXPECT_FALSE(loader.Seen(text)) << "the same text again is news";
  EXPECT_EQ(loader.attempt(), (config::AttemptStatus{"", false, {{"", "too long", 0}}}));
  EXPECT_EQ(loader.successes(), 1u);
  EXPECT_EQ(loader.failures(), 1u);
}

TEST(ConfigLoader, PassesOnNotes) {
  ConfigLoader loader;
  const auto outcome = loader.Load(
      R"({ "Server": { "ListenAddr": ":2614", "BatchSize": 1 }, "Upload": { "Upstreams": [] } })");
  EXPECT_TRUE(outcome.config);
  ASSERT_EQ(outcome.notes.size(), 1u);
  EXPECT_EQ(outcome.notes[0].path, "Server.BatchSize");
}

}  // namespace
}  // namespace stevedore::control
