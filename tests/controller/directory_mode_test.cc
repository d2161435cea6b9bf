#include "controller/directory_mode.h"

#include <gtest/gtest.h>

#include <filesystem>

#include "controller/store/store.h"
#include "tests/controller/kube/temp_dir.h"

namespace stevedore {
namespace {

class DirectoryModeTest : public testing::Test {
 protected:
  DirectoryModeTest() {
    options_.directory = root_.path();
    options_.compile.class_name = "edge";
  }

  kube::TempDir root_;
  ControllerOptions options_;
  store::Store store_;
};

TEST_F(DirectoryModeTest, DeliversManifestsAndShowsStatuses) {
  root_.Write("a.yaml", "apiVersion: v1\nkind: Service\nmetadata: {name: a}\n");
  auto mode = DirectoryMode::Open(options_);
  ASSERT_TRUE(mode) << mode.error().detail;
  EXPECT_EQ((*mode)->controller_name(), "local/edge");
  EXPECT_TRUE((*mode)->Watches().empty());
  EXPECT_FALSE(store_.Synced());
  ASSERT_TRUE((*mode)->Start(store_, [] {}));
  EXPECT_TRUE(store_.Synced());
  EXPECT_EQ(store_.View()->services.size(), 1u);

  publish::RouteUpdate update;
  update.key = {"game", "kcp"};
  EXPECT_TRUE((*mode)->statuses().Publish({update}));
  const HttpReply reply = (*mode)->Pages().at("/status")("");
  EXPECT_EQ(reply.content_type, "application/json");
  EXPECT_NE(reply.body.find("\"kcp\""), std::string::npos) << reply.body;
  (*mode)->Stop();
  (*mode)->Stop();
}

TEST_F(DirectoryModeTest, MakesTheStatusDirectory) {
  options_.status_dir = root_.path() + "/x/y";
  ASSERT_TRUE(DirectoryMode::Open(options_));
  EXPECT_TRUE(std::filesystem::is_directory(options_.status_dir));
  options_.status_dir = root_.Write("file", "");
  const auto mode = DirectoryMode::Open(options_);
  ASSERT_FALSE(mode);
  EXPECT_NE(mode.error().detail.find(options_.status_dir), std::string::npos);
}

TEST_F(DirectoryModeTest, NeedsTheDirectory) {
  options_.directory = root_.path() + "/none";
  auto mode = DirectoryMode::Open(options_);
  ASSERT_TRUE(mode);
  EXPECT_FALSE((*mode)->Start(store_, [] {}));
  (*mode)->Stop();
}

}  // namespace
}  // namespace stevedore
