#include "proxy/config/checks.h"

#include <gtest/gtest.h>

namespace stevedore::config {
namespace {

TEST(ValueProblem, NamesLengthAndForm) {
  struct Case {
    const char* value;
    const char* problem;  // null: fits
  };
  for (const Case& c :
       {Case{"0x0001", nullptr},
        {"0b0000000000000001", nullptr},
        {"0xABcd", nullptr},
        {"0x01", "\"0x01\" is 1 byte, but R is 2 bytes: write 4 hex digits"},
        {"0x", "\"0x\" is 0 bytes, but R is 2 bytes: write 4 hex digits"},
        {"0b00000001", "\"0b00000001\" is 1 byte, but R is 2 bytes: write 16 bits"},
        {"0x001", "\"0x001\": must be \"0x\" and 4 hex digits, or \"0b\" and 16 bits"},
        {"", "\"\": must be \"0x\" and 4 hex digits, or \"0b\" and 16 bits"}}) {
    const auto problem = ValueProblem({4, 6, Operator::kEqual, c.value}, "R");
    EXPECT_EQ(problem.value_or("none"), c.problem == nullptr ? "none" : c.problem) << c.value;
  }
}

TEST(ValueProblem, LeavesAWrongRangeToItsOwnCheck) {
  for (const auto& [start, end] : {std::pair{6, 4}, {-1, 3}, {0, 65}, {2047, 2049}, {5, 5}})
    EXPECT_FALSE(ValueProblem({start, end, Operator::kEqual, "?"}, "R"));
}

TEST(AddressProblem, TakesCanonicalUnicast) {
  struct Case {
    const char* text;
    const char* problem;  // null: none
  };
  for (const Case& c :
       {Case{"10.0.0.1", nullptr},
        {"127.0.0.1", nullptr},
        {"2001:db8::1", nullptr},
        {"", "\"\": must be an IPv4 or IPv6 address"},
        {"host", "\"host\": must be an IPv4 or IPv6 address"},
        {"2001:DB8::1", "\"2001:DB8::1\": must be written \"2001:db8::1\""},
        {"::ffff:1.2.3.4", "\"::ffff:1.2.3.4\": must be written \"1.2.3.4\""},
        {"0.0.0.0", "\"0.0.0.0\" is no single address: must be a unicast address"},
        {"::", "\"::\" is no single address: must be a unicast address"},
        {"224.0.0.1", "\"224.0.0.1\" is multicast: must be a unicast address"},
        {"ff02::1", "\"ff02::1\" is multicast: must be a unicast address"},
        {"255.255.255.255", "\"255.255.255.255\" is broadcast: must be a unicast address"}})
    EXPECT_EQ(AddressProblem(c.text, Wildcard::kRefuse).value_or("none"),
              c.problem == nullptr ? "none" : c.problem);
  EXPECT_FALSE(AddressProblem("::", Wildcard::kAllow));
  EXPECT_FALSE(AddressProblem("0.0.0.0", Wildcard::kAllow));
}

TEST(Checks, ByteRangeKeepsItsBounds) {
  struct Case {
    std::int64_t start, end;
    const char* error;  // null: none
  };
  for (const Case& c :
       {Case{0, 1, nullptr},
        {0, 64, nullptr},
        {2047, 2048, nullptr},
        {-1, 1, "m.start: -1: must be 0 to 2047"},
        {2048, 2048, "m.start: 2048: must be 0 to 2047"},
        {2040, 2049, "m.end: 2049: must be 1 to 2048"},
        {4, 4, "m.end: 4: must be greater than the start, 4 (the end is one past the last byte)"},
        {0, 65, "m.end: 65: 0 to 65 is 65 bytes: must be at most 64"}}) {
    FieldErrors errors;
    const FieldPath root;
    EXPECT_EQ(Checks(errors).ByteRange(root.Field("m"), c.start, c.end), c.error == nullptr);
    ASSERT_EQ(errors.size(), c.error == nullptr ? 0u : 1u);
    if (c.error == nullptr) continue;
    EXPECT_EQ(ToString(errors[0]), c.error);
  }
}

TEST(Checks, NamesAreShortAndPrintable) {
  struct Case {
    std::string name;
    bool ok;
  };
  for (const Case& c : {Case{"a", true},
                        {"game/kcp/v1", true},
                        {std::string(381, 'x'), true},
                        {std::string(382, 'x'), false},
                        {"", false},
                        {"a\nb", false}}) {
    FieldErrors errors;
    EXPECT_EQ(Checks(errors).Name(FieldPath(), c.name), c.ok) << c.name;
    EXPECT_EQ(errors.empty(), c.ok);
  }
}

TEST(UniqueNames, ReportsTheSecondOne) {
  FieldErrors errors;
  Checks checks(errors);
  UniqueNames names;
  const FieldPath root;
  names.Add(checks, root.Field("x"), "rules", 0, "a");
  names.Add(checks, root.Field("x"), "rules", 1, "b");
  EXPECT_TRUE(errors.empty());
  names.Add(checks, root.Field("x"), "rules", 2, "a");
  ASSERT_EQ(errors.size(), 1u);
  EXPECT_EQ(errors[0].message, "\"a\": also the name of entry 0: names in rules must be unique");
  EXPECT_TRUE(names.Contains("b"));
  EXPECT_FALSE(names.Contains("c"));
}

}  // namespace
}  // namespace stevedore::config
