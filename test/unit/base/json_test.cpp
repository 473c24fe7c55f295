#include "base/json.h"

#include <gtest/gtest.h>

namespace tidegate {
namespace {

TEST(Json, ErrorsNameFileLineAndColumn) {
  auto parsed = parse_json("{\n  \"a\": 1,\n  \"b\" 2\n}", "inferenceconfig.json");
  ASSERT_FALSE(parsed.has_value());
  EXPECT_EQ(parsed.error().code, Code::invalid);
  EXPECT_TRUE(parsed.error().message.starts_with("inferenceconfig.json: line 3, column 7: syntax"))
      << parsed.error().message;
}

TEST(Json, EmptyTextIsAnErrorNotACrash) {
  EXPECT_FALSE(parse_json("", "x").has_value());
}

TEST(Json, MembersKeepTheirOrder) {
  auto parsed = parse_json(R"({"z":1,"a":2})", "x");
  EXPECT_EQ(to_text(*parsed), R"({"z":1,"a":2})");
}

TEST(Json, NullIsLikeAbsent) {
  auto parsed = *parse_json(R"({"a":null,"b":"text"})", "x");
  EXPECT_EQ(find_member(parsed, "a"), nullptr);
  EXPECT_EQ(find_member(parsed, "c"), nullptr);
  EXPECT_EQ(text_or(parsed, "a", "default"), "default");
  EXPECT_EQ(text_or(parsed, "b", "default"), "text");
  EXPECT_EQ(find_member(Json::array(), "a"), nullptr);
}

TEST(Json, TextThatIsNoUtf8IsReplacedNotThrown) {
  EXPECT_EQ(to_text(Json("a\xff")), "\"a\xEF\xBF\xBD\"");
}

}  // namespace
}  // namespace tidegate
