#include "controller/compile/peer_resolver.h"

#include <gtest/gtest.h>

namespace stevedore::compile {
namespace {

using api::Reason;
using api::SliceEntry;

SliceEntry Ready(const std::string& address) { return {address, true, true, false, ""}; }

class PeerResolverTest : public testing::Test {
 protected:
  PeerResolverTest() {
    options_.static_peers = *ParseStaticPeers("any");
    api::Service service;
    service.ports = {{"kcp", "UDP", 2345}, {"http", "TCP", 80}, {"quic", "UDP", 80}};
    SetService(service);
  }
  void SetService(api::Service service) {
    view_.services[{"n", "s"}] = {std::make_shared<api::Service>(std::move(service)), ""};
  }
  void AddSlice(std::vector<SliceEntry> entries, const char* type = "IPv4",
                std::vector<api::SlicePort> ports = {{"kcp", "UDP", 1}}) {
    auto slice = std::make_shared<api::EndpointSlice>();
    slice->address_type = type;
    slice->entries = std::move(entries);
    slice->ports = std::move(ports);
    view_.slices_of[{"n", "s"}].push_back(slice);
  }
  ResolvedPeers Resolve(api::PortRef port = "kcp") {
    const PeerPolicy policy(options_, {});
    return PeerResolver(view_, policy).Resolve({kube::Key{"n", "s"}, std::move(port), {}});
  }
  std::string Peers(api::PortRef port = "kcp") {
    std::string text;
    for (const config::Peer& peer : Resolve(std::move(port)).peers)
      text += peer.address + ":" + std::to_string(peer.port) + (peer.draining ? "- " : " ");
    return text;
  }

  CompileOptions options_;
  store::ClusterView view_;
};

TEST_F(PeerResolverTest, ReadyServesDrainingIsKeptOthersOnlyCount) {
  AddSlice({{"10.0.0.1", true, true, false, ""},
            {"10.0.0.2", false, true, true, ""},
            {"10.0.0.3", false, false, true, ""},
            {"10.0.0.4", false, true, false, ""},
            {"10.0.0.5", true, true, true, ""}});
  EXPECT_EQ(Peers(), "10.0.0.1:1 10.0.0.2:1- 10.0.0.5:1 ");
  const ResolvedPeers resolved = Resolve();
  EXPECT_EQ(resolved.total, 5);
  EXPECT_EQ(resolved.ready, 2);
  EXPECT_EQ(resolved.draining, 1);
}

TEST_F(PeerResolverTest, TheBestCopyWinsInWhateverOrder) {
  const std::vector<SliceEntry> copies = {{"10.0.0.1", false, false, true, ""},
                                          {"10.0.0.1", true, true, false, ""},
                                          {"10.0.0.1", false, true, true, ""}};
  AddSlice(copies);
  AddSlice({copies.rbegin(), copies.rend()});
  EXPECT_EQ(Peers(), "10.0.0.1:1 ");
  EXPECT_EQ(Resolve().total, 1);
}

TEST_F(PeerResolverTest, PortsMatchByNameAndMayDifferBetweenSlices) {
  AddSlice({Ready("10.0.0.1")}, "IPv4",
           {{"kcp", "UDP", 1}, {"quic", "UDP", 2}, {"http", "TCP", 3}});
  AddSlice({Ready("10.0.0.2")}, "IPv4", {{"kcp", "UDP", 11}, {"quic", "UDP", std::nullopt}});
  AddSlice({Ready("10.0.0.3")}, "IPv4", {{"kcp", "TCP", 21}});
  EXPECT_EQ(Peers("kcp"), "10.0.0.1:1 10.0.0.2:11 ");
  EXPECT_EQ(Peers(2345), "10.0.0.1:1 10.0.0.2:11 ");
  EXPECT_EQ(Peers(80), "10.0.0.1:2 ");  // of TCP and UDP on one number, UDP is meant
}

TEST_F(PeerResolverTest, OnePodIsOnePeerOfTheServicesFirstFamily) {
  AddSlice({{"10.0.0.1", true, true, false, "pod-1"}});
  AddSlice({{"2001:db8::1", true, true, false, "pod-1"},
            {"2001:db8::2", true, true, false, "pod-2"},
            Ready("2001:db8::3")},
           "IPv6");
  AddSlice({Ready("kcp.example.com")}, "FQDN");
  EXPECT_EQ(Peers(), "10.0.0.1:1 2001:db8::2:1 2001:db8::3:1 ");
  api::Service service = *view_.services[{"n", "s"}].object;
  service.ip_families = {"IPv6", "IPv4"};
  SetService(service);
  EXPECT_EQ(Peers(), "2001:db8::1:1 2001:db8::2:1 2001:db8::3:1 ");
}

TEST_F(PeerResolverTest, PeersAreSortedByAddressAsNumber) {
  AddSlice({Ready("10.0.0.10"), Ready("10.0.0.9"), Ready("9.255.0.1")});
  EXPECT_EQ(Peers(), "9.255.0.1:1 10.0.0.9:1 10.0.0.10:1 ");
}

TEST_F(PeerResolverTest, EndpointsServeWhereThereAreNoSlices) {
  auto endpoints = std::make_shared<api::Endpoints>();
  endpoints->subsets.resize(1);
  endpoints->subsets[0].entries = {Ready("10.0.0.7"), {"10.0.0.8", false, false, false, ""}};
  endpoints->subsets[0].ports = {{"kcp", "UDP", 1}};
  view_.endpoints[{"n", "s"}] = {endpoints, ""};
  EXPECT_EQ(Peers(), "10.0.0.7:1 ");
  EXPECT_EQ(Resolve().total, 2);
  AddSlice({Ready("10.0.0.1")});
  EXPECT_EQ(Peers(), "10.0.0.1:1 ");
}

TEST_F(PeerResolverTest, RefusedEntriesAreNamedAndTheRestServes) {
  AddSlice({Ready("127.0.0.1"), Ready("10.0.0.1"), Ready("169.254.0.1"), Ready("nonsense")});
  EXPECT_EQ(Peers(), "10.0.0.1:1 ");
  EXPECT_EQ(Resolve().refused.size(), 3u);
}

TEST_F(PeerResolverTest, WhatDoesNotResolveSaysWhy) {
  EXPECT_EQ(Resolve("nothing").refs.reason, Reason::kPortNotFound);
  EXPECT_EQ(Resolve(1).refs.reason, Reason::kPortNotFound);
  EXPECT_EQ(Resolve("http").refs.reason, Reason::kUnsupportedProtocol);
  EXPECT_EQ(Resolve("kcp").refs.reason, Reason::kResolvedRefs);  // no peers is no error
  api::Service service;
  service.type = "ExternalName";
  SetService(service);
  EXPECT_EQ(Resolve().refs.reason, Reason::kUnsupportedServiceType);
  view_.services.clear();
  EXPECT_EQ(Resolve().refs.reason, Reason::kServiceNotFound);
  EXPECT_EQ(Resolve().refs.message, "Service n/s does not exist");
}

TEST_F(PeerResolverTest, AHugeServiceIsCutAtTheLimit) {
  std::vector<SliceEntry> entries;
  for (int i = 0; i < 5010; ++i)
    entries.push_back(Ready("10.1." + std::to_string(i / 250) + "." + std::to_string(i % 250 + 1)));
  AddSlice(entries);
  const ResolvedPeers resolved = Resolve();
  EXPECT_EQ(resolved.peers.size(), 5000u);
  EXPECT_EQ(resolved.total, 5010);
  EXPECT_EQ(resolved.refused, std::vector<std::string>{"10 peers are above the limit of 5000"});
}

}  // namespace
}  // namespace stevedore::compile
