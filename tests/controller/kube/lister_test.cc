#include "controller/kube/lister.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "tests/controller/kube/fake_transport.h"

namespace stevedore::kube {
namespace {

using ::testing::ElementsAre;

class ListerTest : public ::testing::Test {
 protected:
  static Response Ok(std::string body) { return Response{200, std::move(body), {}}; }
  static Response Refusal(int status) { return Response{status, StatusJson(status, "No"), {}}; }
  Listing Fetch(const std::string& version = "0", bool paged = true) {
    return FetchList(transport_, {"services", "/api/v1/services", "team=a"}, version, paged, {});
  }
  // "rv=.. limit=.. continue=.." of each request.
  std::vector<std::string> Asked() const {
    std::vector<std::string> all;
    for (const Request& request : transport_.requests) {
      EXPECT_EQ(Query(request, "labelSelector"), "team=a");
      EXPECT_TRUE(request.gzip);
      all.push_back("rv=" + Query(request, "resourceVersion") + " limit=" +
                    Query(request, "limit") + " continue=" + Query(request, "continue"));
    }
    return all;
  }
  static std::vector<std::string> Names(const Listing& listing) {
    std::vector<std::string> names;
    for (const RawObject& object : listing.objects) names.push_back(object.key.name);
    return names;
  }

  FakeTransport transport_;
};

TEST_F(ListerTest, PagesMakeOneList) {
  transport_.answers = {Ok(ListJson({"a"}, "5", "t1")), Ok(ListJson({}, "5", "t2")),
                        Ok(ListJson({"b"}, "5"))};
  const Listing listing = Fetch();
  EXPECT_FALSE(listing.failure);
  EXPECT_EQ(listing.resource_version, "5");
  EXPECT_THAT(Names(listing), ElementsAre("a", "b"));
  EXPECT_THAT(Asked(),
              ElementsAre("rv=0 limit=500 continue=(none)", "rv=(none) limit=500 continue=t1",
                          "rv=(none) limit=500 continue=t2"));
}

TEST_F(ListerTest, SelectsByFieldToo) {
  transport_.answers = {Ok(ListJson({"a"}, "5")), Ok(ListJson({"a"}, "5"))};
  Fetch();
  FetchList(transport_, {"services", "/api/v1/services", "", "metadata.name=a"}, "0", true, {});
  EXPECT_EQ(Query(transport_.requests[0], "fieldSelector"), "(none)");
  EXPECT_EQ(Query(transport_.requests[1], "fieldSelector"), "metadata.name=a");
}

TEST_F(ListerTest, ExpiredPageMeansOneListInOnePiece) {
  transport_.answers = {Ok(ListJson({"stale"}, "5", "t1")), Refusal(410),
                        Ok(ListJson({"a", "b"}, "6"))};
  EXPECT_THAT(Names(Fetch()), ElementsAre("a", "b"));
  EXPECT_THAT(Asked(),
              ElementsAre("rv=0 limit=500 continue=(none)", "rv=(none) limit=500 continue=t1",
                          "rv=0 limit=(none) continue=(none)"));
}

TEST_F(ListerTest, WhateverFailsOnAPageFailsTheList) {
  for (const Result<Response>& second :
       {Result<Response>(Refusal(500)), Result<Response>(Ok("{\"items\":")),
        Result<Response>(Error{Errc::kUnavailable, "refused"})}) {
    transport_.answers = {Ok(ListJson({"a"}, "5", "t1")), second};
    const Listing listing = Fetch();
    ASSERT_TRUE(listing.failure);
    EXPECT_TRUE(listing.objects.empty());
    EXPECT_NE(listing.failure->status.message, "");
  }
}

TEST_F(ListerTest, AnEndlessListIsGivenUp) {
  transport_.otherwise_do = [](const Request&) { return Ok(ListJson({}, "5", "again")); };
  const Listing listing = Fetch();
  ASSERT_TRUE(listing.failure);
  EXPECT_EQ(listing.failure->status.message, "the list has too many pages");
  transport_.requests.clear();
  EXPECT_TRUE(Fetch("7", false).failure);
  EXPECT_EQ(transport_.requests.size(), 1u);
}

}  // namespace
}  // namespace stevedore::kube
