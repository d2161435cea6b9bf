#include "proxy/control/drop_log.h"

#include <gtest/gtest.h>

#include "tests/proxy/control/captured_log.h"

namespace stevedore::control {
namespace {

using runtime::UpDrop;
using std::chrono::seconds;

class DropLogTest : public testing::Test {
 protected:
  void Drop(const std::string& listener, UpDrop reason, std::uint64_t count) {
    totals_[listener].up_drops[static_cast<std::size_t>(reason)] += count;
  }
  // What is said `at` seconds after the start.
  std::string Look(int at) {
    const std::size_t before = captured_.Text().size();
    log_.Look(totals_, seconds(100 + at));
    return captured_.Text().substr(before);
  }
  static bool Has(const std::string& text, const std::string& part) {
    return text.find(part) != std::string::npos;
  }

  CapturedLog captured_;
  DropLog log_;
  std::map<std::string, report::ListenerTotals> totals_;
};

TEST_F(DropLogTest, SaysWhatAnOperatorCanMend) {
  const std::pair<UpDrop, const char*> cases[] = {{UpDrop::kSessionLimit, "--max-sessions"},
                                                  {UpDrop::kPortLimit, "ip_local_port_range"},
                                                  {UpDrop::kSendBlocked, "buffers"},
                                                  {UpDrop::kSendError, "routes"}};
  for (const auto& [reason, advice] : cases) {
    const std::string name = runtime::kUpDropNames[static_cast<std::size_t>(reason)];
    Drop("a", reason, 3);
    const std::string said = Look(0);
    EXPECT_TRUE(Has(said, "warning: Dropped datagrams listener=a reason=" + name + " count=3"))
        << said;
    EXPECT_TRUE(Has(said, advice)) << said;
  }
}

TEST_F(DropLogTest, KeepsSilentAboutWhatClientsCause) {
  for (const UpDrop reason : {UpDrop::kNoMatch, UpDrop::kDenied, UpDrop::kBadSource,
                              UpDrop::kShortKey, UpDrop::kTruncated})
    Drop("a", reason, 1000);
  EXPECT_EQ(Look(0), "");
}

TEST_F(DropLogTest, OneLineInTenSecondsPerListenerAndReason) {
  Drop("a", UpDrop::kPortLimit, 1);
  EXPECT_TRUE(Has(Look(0), "count=1 "));
  Drop("a", UpDrop::kPortLimit, 5);
  EXPECT_EQ(Look(1), "");
  Drop("b", UpDrop::kPortLimit, 2);
  EXPECT_TRUE(Has(Look(2), "listener=b reason=port_limit count=2 "));
  Drop("a", UpDrop::kPortLimit, 6);
  EXPECT_TRUE(Has(Look(10), "listener=a reason=port_limit count=11 ")) << "all since the last line";
  EXPECT_EQ(Look(30), "") << "nothing new";
}

TEST_F(DropLogTest, AListenerThatGoesAndComesBackIsTold) {
  Drop("a", UpDrop::kPortLimit, 100);
  Look(0);
  totals_.clear();
  Drop("", UpDrop::kPortLimit, 100);
  EXPECT_EQ(Look(1), "") << "told under its name";
  Drop("a", UpDrop::kPortLimit, 7);
  EXPECT_TRUE(Has(Look(2), "count=7 "));
  totals_["a"] = {};
  Drop("a", UpDrop::kPortLimit, 3);
  EXPECT_TRUE(Has(Look(20), "count=3 ")) << "between two looks";
}

}  // namespace
}  // namespace stevedore::control
