#include "proxy/config/field_path.h"

#include <gtest/gtest.h>

namespace stevedore::config {
namespace {

TEST(FieldPath, PrintsStepsAndIndices) {
  const FieldPath root;
  EXPECT_EQ(root.ToString(), "");
  const FieldPath listener = root.Item("listeners", 0);
  EXPECT_EQ(listener.ToString(), "listeners[0]");
  EXPECT_EQ(listener.Item("rules", 12).Field("name").ToString(), "listeners[0].rules[12].name");
  EXPECT_EQ(root.Field("a\nb").ToString(), "a?b");
}

TEST(FieldPath, WithinIsByWholeSteps) {
  EXPECT_TRUE(IsWithin("a.b", "a"));
  EXPECT_TRUE(IsWithin("a[1]", "a"));
  EXPECT_TRUE(IsWithin("a", "a"));
  EXPECT_TRUE(IsWithin("a", ""));
  EXPECT_FALSE(IsWithin("ab", "a"));
  EXPECT_FALSE(IsWithin("a", "a.b"));
}

TEST(FieldPath, ParentIsTheObjectAround) {
  EXPECT_EQ(ParentPath("a[0].b[1].c"), "a[0].b[1]");
  EXPECT_EQ(ParentPath("a[0]"), "");
  EXPECT_EQ(ParentPath(""), "");
}

}  // namespace
}  // namespace stevedore::config
