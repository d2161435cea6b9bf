#include "proxy/worker/source_check.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <memory>

namespace stevedore::worker {
namespace {

using config::IpAddress;
using config::SocketAddress;

class SourceCheckTest : public testing::Test {
 protected:
  SourceCheckTest() {
    AddListener("[::]:2001");
    AddListener("192.0.2.10:2002");
    snapshot_.local_addresses = {Ip("10.0.0.1"), Ip("192.0.2.10"), Ip("2001:db8::1")};
    snapshot_.own_addresses = {Ip("203.0.113.5")};
    std::sort(snapshot_.local_addresses.begin(), snapshot_.local_addresses.end());
    own_->Add(40000);
    AddPeer("10.0.3.7:7000");
    AddPeer("[2001:db8::7]:7000");
    AddPeer("10.0.3.7:2001");
    std::sort(snapshot_.peer_addresses.begin(), snapshot_.peer_addresses.end());
  }
  static IpAddress Ip(const char* text) { return *IpAddress::Parse(text); }
  void AddListener(const char* address) {
    runtime::ListenerEntry entry;
    entry.address = *SocketAddress::Parse(address);
    entry.wildcard = entry.address.ip.is_unspecified();
    snapshot_.listener_ports.set(entry.address.port);
    snapshot_.taken_ports.set(entry.address.port);
    snapshot_.listeners.push_back(std::move(entry));
  }
  void AddPeer(const char* address) {
    snapshot_.peer_addresses.push_back(*SocketAddress::Parse(address));
    snapshot_.taken_ports.set(snapshot_.peer_addresses.back().port);
  }
  bool Bad(const char* source, const char* local = "::") const {
    return IsBadSource(*SocketAddress::Parse(source), Ip(local), snapshot_, *own_);
  }
  runtime::Snapshot snapshot_;
  std::unique_ptr<session::OwnPorts> own_ = std::make_unique<session::OwnPorts>();
};

TEST_F(SourceCheckTest, Table) {
  struct Case {
    const char* source;
    bool bad;
    const char* local = "::";
  };
  const Case cases[] = {
      {"198.51.100.1:5000", false},
      {"[2001:db8::99]:5000", false},
      {"[::2]:5000", false},
      {"[::fffe:0:0]:5000", false},
      {"[ff02::ffff:0:0]:5000", true},
      {"198.51.100.1:0", true},
      {"0.0.0.0:5000", true},
      {"[::]:5000", true},
      {"224.0.0.1:5000", true},
      {"[ff02::1]:5000", true},
      {"255.255.255.255:5000", true},
      // A listener's address and port.
      {"10.0.0.1:2001", true},
      {"[2001:db8::1]:2001", true},
      {"127.0.0.1:2001", true},
      {"[::1]:2001", true},
      {"192.0.2.10:2002", true},
      {"10.0.0.1:2002", false},
      {"198.51.100.1:2001", false},
      {"198.51.100.9:2001", true, "198.51.100.9"},
      // A leased port.
      {"10.0.0.1:40000", true},
      {"127.0.0.9:40000", true},
      {"198.51.100.9:40000", true, "198.51.100.9"},
      {"198.51.100.1:40000", false},
      {"10.0.0.1:40001", false},
      // A peer, by address and port: the address alone may be a client.
      {"10.0.3.7:7000", true},
      {"[2001:db8::7]:7000", true},
      {"10.0.3.7:2001", true},
      {"10.0.3.7:7001", false},
      {"10.0.3.7:40000", false},
      {"198.51.100.1:7000", false},
      // The published Service.
      {"203.0.113.5:2001", true},
      {"203.0.113.5:2002", true},
      {"203.0.113.5:5000", false},
      {"203.0.113.5:40000", false},
  };
  for (const Case& c : cases) EXPECT_EQ(Bad(c.source, c.local), c.bad) << c.source;
}

TEST_F(SourceCheckTest, AConcreteListenersAddressIsOwnEvenIfTheMachineDoesNotListIt) {
  snapshot_.local_addresses.clear();
  EXPECT_TRUE(Bad("192.0.2.10:2002"));
}

TEST_F(SourceCheckTest, AClosedPortIsNoLongerOwn) {
  own_->Remove(40000);
  EXPECT_FALSE(Bad("10.0.0.1:40000"));
}

}  // namespace
}  // namespace stevedore::worker
