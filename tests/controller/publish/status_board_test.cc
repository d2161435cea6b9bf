#include "controller/publish/status_board.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <nlohmann/json.hpp>

#include "proxy/base/file.h"
#include "tests/controller/kube/temp_dir.h"
#include "tests/controller/publish/report_sample.h"

namespace stevedore::publish {
namespace {

using nlohmann::json;

RouteUpdate Update(const std::string& name, ReplicaAnswers answers = SampleAnswers(),
                   const std::string& now = kNow) {
  compile::RouteReport report = SampleReport();
  report.key.name = name;
  answers.replicas[0].held = {report.key};
  return {report.key, "u", "1", "a.yaml: document 1", {}, SampleStatus(report, answers, {}, now)};
}

ReplicaAnswers Unbound() {
  ReplicaAnswers answers = SampleAnswers();
  answers.replicas[0].report.unbound["game/2614"] = "a \"quoted\"\nerror";
  return answers;
}

json Condition(const json& object, const std::string& type) {
  for (const json& condition : object["status"]["conditions"])
    if (condition["type"] == type) return condition;
  return {};
}

TEST(StatusBoard, ShowsAPageOfAllRoutes) {
  StatusBoard board("");
  EXPECT_EQ(json::parse(board.Page()), (json{{"items", json::array()}}));
  EXPECT_TRUE(board.Publish({Update("a"), Update("b", Unbound())}));
  const json page = json::parse(board.Page());
  ASSERT_EQ(page["items"].size(), 2u);
  EXPECT_EQ(page["items"][0]["metadata"], (json{{"name", "a"}, {"namespace", "game"}}));
  EXPECT_EQ(Condition(page["items"][0], "Programmed")["status"], "True");
  EXPECT_EQ(Condition(page["items"][1], "Programmed")["message"],
            "the proxy cannot listen: a \"quoted\"\nerror");
}

TEST(StatusBoard, KeepsOneFilePerRoute) {
  const kube::TempDir directory;
  StatusBoard board(directory.path());
  EXPECT_TRUE(board.Publish({Update("a"), Update("b")}));
  const std::string a = directory.path() + "/game_a.json";
  const std::string b = directory.path() + "/game_b.json";
  EXPECT_EQ(Condition(json::parse(*ReadFile(a)), "Programmed")["status"], "True");
  EXPECT_TRUE(board.Publish({Update("a", Unbound())}));
  EXPECT_EQ(Condition(json::parse(*ReadFile(a)), "Programmed")["reason"], "BindFailed");
  EXPECT_FALSE(std::filesystem::exists(b));
  EXPECT_EQ(json::parse(board.Page())["items"].size(), 1u);
  EXPECT_TRUE(board.Publish({}));
  EXPECT_TRUE(std::filesystem::is_empty(directory.path()));
}

TEST(StatusBoard, RemovesFilesOfRoutesThatWentWhileItWasAway) {
  const kube::TempDir directory;
  {
    StatusBoard former(directory.path());
    EXPECT_TRUE(former.Publish({Update("a"), Update("gone")}));
  }
  directory.Write("mine.json", R"({"kind": "Else"})");
  directory.Write("game_notes.txt", "x");
  StatusBoard board(directory.path());
  EXPECT_TRUE(board.Publish({Update("a")}));
  EXPECT_TRUE(std::filesystem::exists(directory.path() + "/game_a.json"));
  EXPECT_FALSE(std::filesystem::exists(directory.path() + "/game_gone.json"));
  EXPECT_TRUE(std::filesystem::exists(directory.path() + "/mine.json"));
  EXPECT_TRUE(std::filesystem::exists(directory.path() + "/game_notes.txt"));
}

TEST(StatusBoard, WritesAFileAgainOnlyWhenItsRouteHasNews) {
  const kube::TempDir directory;
  StatusBoard board(directory.path());
  board.Publish({Update("a", SampleAnswers(), kEarlier)});
  const std::string file = directory.path() + "/game_a.json";
  std::filesystem::remove(file);
  EXPECT_TRUE(board.Publish({Update("a", SampleAnswers(), kNow)}));
  EXPECT_FALSE(std::filesystem::exists(file));
}

TEST(StatusBoard, KeepsTransitionTimesThatTheManifestDoesNotHave) {
  StatusBoard board("");
  board.Publish({Update("a", SampleAnswers(), kEarlier)});
  board.Publish({Update("a", Unbound(), kNow)});
  const json route = json::parse(board.Page())["items"][0];
  EXPECT_EQ(Condition(route, "Accepted")["lastTransitionTime"], kEarlier);
  EXPECT_EQ(Condition(route, "Programmed")["lastTransitionTime"], kNow);
}

TEST(StatusBoard, RetriesAFileThatCouldNotBeWritten) {
  const kube::TempDir directory;
  const std::string late = directory.path() + "/late";
  StatusBoard board(late);
  EXPECT_FALSE(board.Publish({Update("a"), Update("b")}));
  EXPECT_FALSE(board.Publish({Update("a"), Update("b")}));
  EXPECT_EQ(json::parse(board.Page())["items"].size(), 2u);
  std::filesystem::create_directory(late);
  EXPECT_TRUE(board.Publish({Update("a")}));
  EXPECT_TRUE(std::filesystem::exists(late + "/game_a.json"));
  EXPECT_FALSE(std::filesystem::exists(late + "/game_b.json"));
}

}  // namespace
}  // namespace stevedore::publish
