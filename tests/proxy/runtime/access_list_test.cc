#include "proxy/runtime/access_list.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <string>

namespace stevedore::runtime {
namespace {

using config::Cidr;
using config::IpAddress;

std::vector<Cidr> Ranges(const std::vector<std::string>& texts) {
  std::vector<Cidr> ranges;
  for (const std::string& text : texts) ranges.push_back(*Cidr::Parse(text));
  return ranges;
}

AccessList List(const std::vector<std::string>& allow, const std::vector<std::string>& deny) {
  return AccessList(Ranges(allow), Ranges(deny));
}

TEST(AccessList, DenyIsStrongerThanAllow) {
  struct Case {
    std::vector<std::string> allow;
    std::vector<std::string> deny;
    std::vector<std::string> in;
    std::vector<std::string> out;
  };
  const Case cases[] = {
      {{}, {}, {"0.0.0.0", "255.255.255.255", "::", "ffff::"}, {}},
      {{"10.0.0.0/8"}, {}, {"10.0.0.0", "10.255.255.255"}, {"9.255.255.255", "11.0.0.0", "::1"}},
      {{}, {"10.0.0.0/8"}, {"9.255.255.255", "11.0.0.0", "::1"}, {"10.0.0.0", "10.255.255.255"}},
      {{"10.0.0.0/8"}, {"10.1.0.0/16"}, {"10.0.255.255", "10.2.0.0"}, {"10.1.0.0", "10.1.255.255"}},
      {{"10.1.0.0/16"}, {"10.0.0.0/8"}, {}, {"10.1.0.0", "10.0.0.0", "11.0.0.0"}},
      {{"0.0.0.0/0"}, {"255.255.255.255/32"}, {"255.255.255.254"}, {"255.255.255.255", "::1"}},
      {{"::/0"}, {"2001:db8::/32"}, {"2001:db7:ffff::", "2001:db9::"}, {"2001:db8::1", "10.0.0.1"}},
      {{"10.0.0.0/9", "10.128.0.0/9", "10.0.0.0/8"},
       {},
       {"10.127.255.255", "10.128.0.0"},
       {"1.1.1.1"}},
      {{}, {"::/0"}, {"192.0.2.1"}, {"::", "ffff::"}},
      {{}, {"0.0.0.0/0"}, {"::1"}, {"0.0.0.0", "255.255.255.255"}},
  };
  for (const Case& c : cases) {
    const AccessList list = List(c.allow, c.deny);
    for (const std::string& text : c.in) EXPECT_TRUE(list.Allows(*IpAddress::Parse(text))) << text;
    for (const std::string& text : c.out)
      EXPECT_FALSE(list.Allows(*IpAddress::Parse(text))) << text;
  }
}

TEST(AccessList, AMappedAddressIsTheIpv4One) {
  const AccessList list = List({"10.0.0.0/8"}, {});
  EXPECT_TRUE(list.Allows(*IpAddress::Parse("::ffff:10.1.2.3")));
  EXPECT_FALSE(list.Allows(*IpAddress::Parse("::ffff:11.1.2.3")));
}

TEST(AccessList, IsEqualWhenItMeansTheSame) {
  EXPECT_EQ(List({"10.0.0.0/9", "10.128.0.0/9"}, {}), List({"10.0.0.0/8"}, {}));
  EXPECT_EQ(List({}, {"10.0.0.0/8", "192.0.2.0/24"}), List({}, {"192.0.2.0/24", "10.0.0.0/8"}));
  EXPECT_NE(List({"10.0.0.0/8"}, {}), List({}, {"10.0.0.0/8"}));
  EXPECT_NE(List({}, {}), List({}, {"10.0.0.0/8"}));
}

// Ranges near each other, so that they nest, touch and overlap; clients at their borders.
class Dice {
 public:
  explicit Dice(unsigned seed) : engine_(seed) {}
  unsigned Below(unsigned n) { return static_cast<unsigned>(engine_() % n); }
  IpAddress Address(bool v4) {
    IpAddress ip = *IpAddress::Parse(v4 ? "10.0.0.0" : "2001:db8::");
    if (Below(8) == 0) ip.bytes[v4 ? 12 : 0] = static_cast<std::uint8_t>(Below(256));
    for (const std::size_t at : {13u, 14u, 15u})
      ip.bytes[v4 ? at : at - 8] = static_cast<std::uint8_t>(Below(4) * 85);
    return ip;
  }
  Cidr Range() {
    const bool v4 = Below(2) == 0;
    const unsigned bits = Below(v4 ? 33 : 129);
    return *Cidr::Parse(Address(v4).ToString() + "/" + std::to_string(bits));
  }
  std::vector<Cidr> List() {
    std::vector<Cidr> ranges(Below(10) == 0 ? 64 : Below(6));
    for (Cidr& range : ranges) range = Range();
    return ranges;
  }

 private:
  std::mt19937 engine_;
};

IpAddress Neighbour(IpAddress ip, int step) {
  for (std::size_t at = ip.bytes.size(); at-- > 0;) {
    const std::uint8_t before = ip.bytes[at];
    ip.bytes[at] = static_cast<std::uint8_t>(before + step);
    if (step > 0 ? before != 0xff : before != 0) break;
  }
  return ip;
}

TEST(AccessList, AgreesWithASlowOracle) {
  Dice dice(7);
  std::uint64_t allowed = 0;
  std::uint64_t refused = 0;
  for (int round = 0; round < 1500; ++round) {
    const auto allow = dice.List();
    const auto deny = dice.List();
    const AccessList list(allow, deny);
    std::vector<IpAddress> clients = {dice.Address(true), dice.Address(false), IpAddress{},
                                      *IpAddress::Parse("255.255.255.255")};
    for (const auto* ranges : {&allow, &deny})
      for (const Cidr& range : *ranges)
        for (const IpAddress& border : {range.First(), range.Last()})
          for (const int step : {-1, 0, 1})
            clients.push_back(step == 0 ? border : Neighbour(border, step));
    for (const IpAddress& client : clients) {
      const auto holds = [&](const Cidr& range) { return range.Contains(client); };
      const bool expected = std::none_of(deny.begin(), deny.end(), holds) &&
                            (allow.empty() || std::any_of(allow.begin(), allow.end(), holds));
      ASSERT_EQ(list.Allows(client), expected) << "round " << round << " " << client.ToString();
      ++(expected ? allowed : refused);
    }
  }
  EXPECT_GT(allowed, 5000u);
  EXPECT_GT(refused, 5000u);
}

}  // namespace
}  // namespace stevedore::runtime
