#include "base/log.h"

#include <gtest/gtest.h>

namespace tidegate {
namespace {

std::string last_line;
Level last_level;

TEST(Log, ValuesThatWouldBreakTheLineAreQuoted) {
  EXPECT_EQ(format_fields("x", {{"plain", "abc"}, {"spaced", "a b"}, {"empty", ""}, {"n", 7}}),
            R"(event=x plain=abc spaced="a b" empty="" n=7)");
  EXPECT_EQ(format_fields("x", {{"v", "line\nbreak\"quote"}}), R"(event=x v="line\nbreak\"quote")");
}

TEST(Log, SecretsPrintAsStars) {
  Secret key("very-secret");
  EXPECT_EQ(format_fields("x", {{"key", key}}), "event=x key=***");
  EXPECT_EQ(fmt::format("{}", key), "***");
}

TEST(Log, LinesBelowTheLevelAreDropped) {
  set_log_sink([](Level level, std::string_view line) {
    last_level = level;
    last_line = line;
  });
  set_log_level(Level::warning);
  log(Level::info, "quiet");
  EXPECT_EQ(last_line, "");
  log(Level::error, "loud", {{"n", 1}});
  EXPECT_EQ(last_line, "event=loud n=1");
  EXPECT_EQ(last_level, Level::error);
}

}  // namespace
}  // namespace tidegate
