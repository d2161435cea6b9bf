#include "proxy/report/live_page.h"

#include <gmock/gmock.h>

#include <nlohmann/json.hpp>

#include "proxy/report/explain.h"
#include "proxy/report/explain_request.h"
#include "tests/proxy/report/in_force_fixture.h"

namespace stevedore::report {
namespace {

using testing::EndsWith;
using testing::HasSubstr;

class LivePageTest : public InForceTest {
 protected:
  HttpReply Get(const std::string& path, const std::string& query = "") {
    return page_.Handlers().at(path)(query);
  }

  ManualClock clock_;
  health::ProbeStats probes_;
  InForceHolder holder_;
  LivePage page_{holder_, book_, probes_, clock_,
                 [] { return std::vector<worker::WorkerGauges>(2); }};
};

TEST_F(LivePageTest, ServesThePageAndItsParts) {
  const std::pair<const char*, const char*> files[] = {
      {"/", "text/html; charset=utf-8"},
      {"/page.css", "text/css; charset=utf-8"},
      {"/page.js", "text/javascript; charset=utf-8"}};
  for (const auto& [path, type] : files) {
    const HttpReply reply = Get(path);
    EXPECT_EQ(reply.status, 200u) << path;
    EXPECT_EQ(reply.content_type, type);
    EXPECT_THAT(reply.body, EndsWith("\n")) << path << " is whole";
  }
  EXPECT_THAT(Get("/").body, HasSubstr("page.js"));
}

TEST_F(LivePageTest, TellsTheState) {
  holder_.Set(Load());
  book_.snapshot()->listeners[0].stats->of(1).client_in.Add(10);
  clock_.Advance(std::chrono::seconds(5));
  const HttpReply reply = Get("/state.json");
  EXPECT_EQ(reply.content_type, "application/json");
  const auto state = nlohmann::json::parse(reply.body);
  EXPECT_EQ(state["listeners"][0]["datagrams"]["clientIn"], 1);
  EXPECT_EQ(state["process"]["uptimeSeconds"], 5);
  EXPECT_EQ(state["process"]["workers"].size(), 2u);
}

TEST_F(LivePageTest, ExplainsAsTheCommandDoes) {
  const InForce in_force = Load();
  holder_.Set(in_force);
  const auto request = ParseExplainRequest("7000", "01aaaaaa0001", kAnyClient);
  const auto said = Explain(*in_force.config, *request);
  const HttpReply reply = Get("/explain", "listener=7000&hex=01+aa+aa+aa+0001");
  EXPECT_EQ(reply.status, 200u);
  const auto verdict = [](const std::string& text) { return text.substr(text.rfind("verdict")); };
  EXPECT_EQ(verdict(reply.body), verdict(*said));
  EXPECT_THAT(reply.body, HasSubstr("usable by what their probes say"));
}

TEST_F(LivePageTest, ExplainsByTheHealthOfNow) {
  Load();
  Health("game/kcp/a", "10.0.0.1:5").passing = false;
  holder_.Set(Build());
  const HttpReply reply = Get("/explain", "listener=7000&hex=01aaaaaa0001");
  EXPECT_THAT(reply.body, HasSubstr("passed over 10.0.0.1:5: fails its probe\n"));
  EXPECT_THAT(reply.body, EndsWith("verdict: peer 10.0.0.2:5\n"));
}

TEST_F(LivePageTest, RefusesToExplainWhatIsWrong) {
  EXPECT_EQ(Get("/explain", "listener=7000&hex=00").status, 503u) << "no config yet";
  holder_.Set(Load());
  const std::pair<const char*, const char*> cases[] = {
      {"", "listener \"\": must be a port, 1 to 65535\n"},
      {"listener=7000&hex=0", "hex \"0\": must be pairs of hex digits\n"},
      {"listener=7000&hex=00&client=x", "client \"x\": must be ADDR:PORT\n"},
      {"listener=7001&hex=00", "no listener has port 7001; the config has 7000\n"}};
  for (const auto& [query, error] : cases) {
    const HttpReply reply = Get("/explain", query);
    EXPECT_EQ(reply.status, 400u) << query;
    EXPECT_EQ(reply.body, error);
  }
}

}  // namespace
}  // namespace stevedore::report
