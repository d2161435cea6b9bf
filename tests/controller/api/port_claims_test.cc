#include "controller/api/port_claims.h"

#include <gtest/gtest.h>

namespace stevedore::api {
namespace {

auto Decode(const std::string& managed) {
  return DecodePortClaims(*Json::Parse(R"({"managedFields":)" + managed + "}"));
}

TEST(DecodePortClaims, ReadsWhoSetWhat) {
  const auto claims = Decode(R"([
      {"manager":"kubectl-edit","operation":"Update","fieldsV1":{"f:spec":{"f:ports":{
        "k:{\"port\":7000,\"protocol\":\"UDP\"}":{"f:nodePort":{},"f:name":{}}}}}},
      {"manager":"kube-controller-manager","operation":"Update","subresource":"status",
       "fieldsV1":{"f:status":{"f:loadBalancer":{}}}},
      {"manager":"stevedore-ports","operation":"Apply","fieldsV1":{"f:spec":{"f:ports":{
        "k:{\"port\":7000,\"protocol\":\"UDP\"}":{".":{},"f:port":{},"f:targetPort":{}},
        "k:{\"port\":80}":{".":{}}}}}}])");
  ASSERT_EQ(claims.size(), 3u);
  using Key = std::pair<std::int64_t, std::string>;
  EXPECT_EQ(claims[0].first, Key(7000, "UDP"));
  EXPECT_EQ(claims[0].second, (PortClaim{"kubectl-edit", false, false, true, false}));
  EXPECT_EQ(claims[1].first, Key(7000, "UDP"));
  EXPECT_EQ(claims[1].second, (PortClaim{"stevedore-ports", true, true, false, true}));
  EXPECT_EQ(claims[2].first, Key(80, "TCP"));
}

TEST(DecodePortClaims, LeavesOutWhatItCannotRead) {
  EXPECT_TRUE(DecodePortClaims(*Json::Parse("{}")).empty());
  for (const char* odd :
       {"7", "[7]", R"([{"manager":"m","fieldsV1":{"f:spec":{"f:ports":7}}}])",
        R"([{"manager":"m","fieldsV1":{"f:spec":{"f:ports":{".":{},"k:{":{},"k:{}":{},)"
        R"("k:{\"port\":\"x\"}":{},"v:1":{}}}}}])"})
    EXPECT_TRUE(Decode(odd).empty()) << odd;
}

}  // namespace
}  // namespace stevedore::api
