#include "proxy/config/field_error.h"

#include <gtest/gtest.h>

namespace stevedore::config {
namespace {

TEST(FieldError, LeavesOutWhatIsNotKnown) {
  EXPECT_EQ(ToString({"listeners[0].port", "0: must be 1 to 65535", 12}),
            "line 12: listeners[0].port: 0: must be 1 to 65535");
  EXPECT_EQ(ToString({"a", "m", 0}), "a: m");
  EXPECT_EQ(ToString({"", "m", 3}), "line 3: m");
  EXPECT_EQ(ToString({"", "m", 0}), "m");
}

TEST(Quote, KeepsMessagesOnOneShortLine) {
  EXPECT_EQ(Quote("abc"), "\"abc\"");
  EXPECT_EQ(Quote("a\nb\x7f\x1b"), "\"a?b??\"");
  EXPECT_EQ(Quote(std::string(100, 'x')), '"' + std::string(80, 'x') + "...\"");
}

TEST(Quote, CutsNoCharacter) {
  EXPECT_EQ(Quote(std::string(79, 'x') + "\xc3\xa4"), '"' + std::string(79, 'x') + "...\"");
  EXPECT_EQ(Quote("\xc3\xa4"), "\"\xc3\xa4\"");
}

}  // namespace
}  // namespace stevedore::config
