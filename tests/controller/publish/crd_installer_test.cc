#include "controller/publish/crd_installer.h"

#include <gtest/gtest.h>

#include "tests/controller/publish/fake_crd.h"

namespace stevedore::publish {
namespace {

using Asked = std::vector<std::string>;

CrdInstaller Installer(FakeCrd& server, const nlohmann::json& file) {
  return CrdInstaller(server, *api::DecodeCrd(file.dump()), file.dump());
}

std::string SchemaOf(const FakeCrd& server) {
  return server.live["metadata"]["annotations"]["stevedore.io/schema"];
}

TEST(CrdInstaller, BringsItWhereThereIsNone) {
  FakeCrd server;
  auto installer = Installer(server, api::CrdFileSample());
  EXPECT_TRUE(installer.Step());
  EXPECT_EQ(server.asked, (Asked{"GET", "PATCH"}));
  EXPECT_EQ(SchemaOf(server), "3");
}

TEST(CrdInstaller, WaitsUntilItIsServed) {
  FakeCrd server;
  server.serves_at_once = false;
  auto installer = Installer(server, api::CrdFileSample());
  for (int i = 0; i < 3; ++i) {
    const auto done = installer.Step();
    ASSERT_FALSE(done);
    EXPECT_EQ(done.error().code, Errc::kUnavailable);
    EXPECT_EQ(done.error().detail, "the CRD things.example.com is not served yet");
  }
  server.live["status"]["conditions"] = {
      {{"type", "NamesAccepted"}, {"status", "False"}, {"message", "things is in use"}}};
  EXPECT_EQ(installer.Step().error().detail,
            "the CRD things.example.com is not served: things is in use");
  server.live["status"] = api::LiveCrdSample()["status"];
  EXPECT_TRUE(installer.Step());
  EXPECT_EQ(server.asked, (Asked{"GET", "PATCH", "GET", "GET", "GET", "GET"})) << "written once";
}

TEST(CrdInstaller, RaisesAnOlderOneAndOneWithoutANumber) {
  for (const char* const schema : {"2", ""}) {
    FakeCrd server;
    server.live = api::LiveCrdSample(schema);
    auto installer = Installer(server, api::CrdFileSample());
    EXPECT_TRUE(installer.Step());
    EXPECT_EQ(server.asked, (Asked{"GET", "PATCH"}));
    EXPECT_EQ(SchemaOf(server), "3");
  }
}

TEST(CrdInstaller, LeavesANewerOneAlone) {
  FakeCrd server;
  server.live = api::LiveCrdSample("10");
  server.live["spec"]["versions"] = {{{"name", "v2"}}};
  const auto before = server.live;
  auto installer = Installer(server, api::CrdFileSample("9"));
  testing::internal::CaptureStdout();
  EXPECT_TRUE(installer.Step());
  const std::string log = testing::internal::GetCapturedStdout();
  EXPECT_NE(log.find("since it is newer name=things.example.com schema=10 ours=9\n"),
            std::string::npos)
      << log;
  EXPECT_EQ(server.asked, Asked{"GET"});
  EXPECT_EQ(server.live, before);
}

TEST(CrdInstaller, LeavesTheSameAlone) {
  FakeCrd server;
  server.live = api::LiveCrdSample();
  const auto before = server.live;
  auto installer = Installer(server, api::CrdFileSample());
  EXPECT_TRUE(installer.Step());
  EXPECT_EQ(server.asked, (Asked{"GET", "PATCH dry"}));
  EXPECT_EQ(server.live, before);
}

TEST(CrdInstaller, RestoresWhatSomebodyChanged) {
  FakeCrd server;
  server.live = api::LiveCrdSample();
  server.live["spec"]["versions"][0]["schema"] = "cut";
  auto installer = Installer(server, api::CrdFileSample());
  EXPECT_TRUE(installer.Step());
  EXPECT_EQ(server.asked, (Asked{"GET", "PATCH dry", "PATCH"}));
  EXPECT_EQ(server.live["spec"], api::CrdFileSample()["spec"]);
}

TEST(CrdInstaller, RefusesWhatIsNotStevedores) {
  FakeCrd server;
  server.live = api::LiveCrdSample("");
  server.live["spec"]["versions"].push_back({{"name", "v9"}});
  auto installer = Installer(server, api::CrdFileSample());
  const auto done = installer.Step();
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().code, Errc::kInvalid);
  EXPECT_NE(done.error().detail.find("is not Stevedore's"), std::string::npos);
  EXPECT_EQ(server.asked, Asked{"GET"});
}

TEST(CrdInstaller, WaitsForTheEndOfTheOneBefore) {
  FakeCrd server;
  server.live = api::LiveCrdSample();
  server.live["metadata"]["deletionTimestamp"] = "2026-01-01T00:00:00Z";
  auto installer = Installer(server, api::CrdFileSample());
  const auto done = installer.Step();
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().code, Errc::kUnavailable);
  EXPECT_NE(done.error().detail.find("still being deleted"), std::string::npos);
  EXPECT_EQ(server.asked, Asked{"GET"});
  server.live = nullptr;
  EXPECT_TRUE(installer.Step());
}

// Another installation, with a newer schema, comes between our look and our write.
TEST(CrdInstaller, NeverWritesOverWhatCameMeanwhile) {
  for (const bool there : {false, true}) {
    FakeCrd server;
    if (there) server.live = api::LiveCrdSample("2");
    server.before_write = [&server] {
      server.live = api::LiveCrdSample("4");
      server.live["metadata"]["resourceVersion"] = "78";
    };
    auto installer = Installer(server, api::CrdFileSample());
    const auto done = installer.Step();
    ASSERT_FALSE(done);
    EXPECT_EQ(done.error().code, Errc::kConflict);
    EXPECT_TRUE(installer.Step()) << "the newer one is found and left alone";
    EXPECT_EQ(SchemaOf(server), "4");
  }
}

TEST(CrdInstaller, LooksAgainWhenItIsChangedWhileItWaits) {
  FakeCrd server;
  server.serves_at_once = false;
  auto installer = Installer(server, api::CrdFileSample());
  EXPECT_FALSE(installer.Step());
  server.live["metadata"]["annotations"]["stevedore.io/schema"] = "2";
  EXPECT_FALSE(installer.Step());
  EXPECT_EQ(SchemaOf(server), "3") << "an older one came after all";
  server.live = nullptr;
  server.serves_at_once = true;
  EXPECT_TRUE(installer.Step()) << "or it was deleted";
  EXPECT_EQ(SchemaOf(server), "3");
}

}  // namespace
}  // namespace stevedore::publish
