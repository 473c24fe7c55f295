#include "http/body.h"

#include <gtest/gtest.h>

#include "unit/http/support.h"

namespace tidegate::http {
namespace {

TEST(Body, MovesToAFileWhenItOutgrowsMemory) {
  TempFolder folder;
  BodyLimits limits;
  limits.memory_max_bytes = 4;
  limits.spill_folder = folder.path();
  Body body;
  ASSERT_TRUE(body.append("abcd", limits).has_value());
  EXPECT_TRUE(body.in_memory());
  EXPECT_EQ(body.memory(), "abcd");
  ASSERT_TRUE(body.append("ef", limits).has_value());
  ASSERT_TRUE(body.append("g", limits).has_value());
  EXPECT_FALSE(body.in_memory());
  EXPECT_EQ(body.size(), 7u);
  EXPECT_EQ(body.read_all().value(), "abcdefg");
  body.clear();
  EXPECT_TRUE(body.in_memory());
  EXPECT_EQ(body.size(), 0u);
}

TEST(Body, HasALimit) {
  BodyLimits limits;
  limits.size_max_bytes = 3;
  Body body;
  ASSERT_TRUE(body.append("abc", limits).has_value());
  const Result<> more = body.append("d", limits);
  ASSERT_FALSE(more.has_value());
  EXPECT_EQ(more.error().code, Code::exhausted);
  EXPECT_EQ(body.size(), 3u);
}

TEST(Body, SaysSoWhenTheFolderIsMissing) {
  BodyLimits limits;
  limits.memory_max_bytes = 1;
  limits.spill_folder = "/nonexistent";
  EXPECT_FALSE(Body().append("ab", limits).has_value());
}

}  // namespace
}  // namespace tidegate::http
