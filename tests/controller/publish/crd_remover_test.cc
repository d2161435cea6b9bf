#include "controller/publish/crd_remover.h"

#include <gtest/gtest.h>

#include "tests/controller/publish/fake_crd.h"

namespace stevedore::publish {
namespace {

using Asked = std::vector<std::string>;

CrdRemover Remover(FakeCrd& server) {
  return CrdRemover(server, *api::DecodeCrd(api::CrdFileSample().dump()));
}

TEST(CrdRemover, IsDoneWhereThereIsNone) {
  FakeCrd server;
  EXPECT_TRUE(Remover(server).Step());
  EXPECT_EQ(server.asked, Asked{"GET"});
}

TEST(CrdRemover, DeletesItsOwnAndAnOlderOne) {
  for (const char* const schema : {"3", "2", ""}) {
    FakeCrd server;
    server.live = api::LiveCrdSample(schema);
    auto remover = Remover(server);
    EXPECT_EQ(remover.Step().error().code, Errc::kUnavailable) << "looks whether it is gone";
    EXPECT_TRUE(remover.Step());
    EXPECT_EQ(server.asked, (Asked{"GET", "DELETE", "GET"}));
    EXPECT_TRUE(server.live.is_null());
  }
}

TEST(CrdRemover, WaitsUntilItIsGone) {
  FakeCrd server;
  server.live = api::LiveCrdSample();
  server.deletes_at_once = false;
  auto remover = Remover(server);
  for (int i = 0; i < 3; ++i) {
    const auto done = remover.Step();
    ASSERT_FALSE(done);
    EXPECT_EQ(done.error().code, Errc::kUnavailable);
    EXPECT_EQ(done.error().detail, "the CRD things.example.com is still being deleted");
  }
  EXPECT_EQ(server.asked, (Asked{"GET", "DELETE", "GET", "GET"})) << "deleted once";
  server.live = nullptr;
  EXPECT_TRUE(remover.Step());
}

TEST(CrdRemover, LeavesANewerOneAndAStrangersAlone) {
  nlohmann::json strangers = api::LiveCrdSample("");
  strangers["spec"]["names"]["kind"] = "Other";
  for (const auto& live : {api::LiveCrdSample("4"), strangers}) {
    FakeCrd server;
    server.live = live;
    EXPECT_TRUE(Remover(server).Step());
    EXPECT_EQ(server.asked, Asked{"GET"});
    EXPECT_EQ(server.live, live);
  }
}

TEST(CrdRemover, LooksAgainWhenItWasRaisedMeanwhile) {
  FakeCrd server;
  server.live = api::LiveCrdSample();
  server.before_write = [&server] {
    server.live = api::LiveCrdSample("4");
    server.live["metadata"]["resourceVersion"] = "78";
  };
  auto remover = Remover(server);
  EXPECT_EQ(remover.Step().error().code, Errc::kConflict);
  EXPECT_TRUE(remover.Step());
  EXPECT_FALSE(server.live.is_null());
}

}  // namespace
}  // namespace stevedore::publish
