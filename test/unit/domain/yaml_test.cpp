#include "domain/yaml.h"

#include <gtest/gtest.h>

namespace tidegate::domain {
namespace {

TEST(Yaml, PlainScalarsHaveTypesAndQuotedOnesAreTexts) {
  auto document = parse_yaml(
      "a: 1\nb: -2.5\nc: true\nd: no\ne: ~\nf: \"1\"\ng: '3.8'\nh: text\ni: 3.8.13\nj: 007\nk: "
      "1e3\nl:\n",
      "x.yml");
  ASSERT_TRUE(document.has_value()) << document.error().message;
  EXPECT_EQ(document->json, Json::parse(R"({"a":1,"b":-2.5,"c":true,"d":false,"e":null,"f":"1",
      "g":"3.8","h":"text","i":"3.8.13","j":"007","k":1000.0,"l":null})"));
}

TEST(Yaml, KnowsTheLineOfEachValue) {
  auto document =
      parse_yaml("name: x\ndependencies:\n  - python=3.8\n  - pip:\n    - a\n    - b\n", "x.yml");
  ASSERT_TRUE(document.has_value());
  EXPECT_EQ(document->lines.at("dependencies[0]"), 3);
  EXPECT_EQ(document->lines.at("dependencies[1].pip[1]"), 6);
}

TEST(Yaml, ErrorsNameLineAndColumn) {
  auto broken = parse_yaml("a: 1\nb: [1, 2\nc: 3\n", "x.yml");
  ASSERT_FALSE(broken.has_value());
  EXPECT_TRUE(broken.error().message.starts_with("x.yml: line 3, column "))
      << broken.error().message;
  auto twice = parse_yaml("a: 1\na: 2\n", "x.yml");
  ASSERT_FALSE(twice.has_value());
  EXPECT_EQ(twice.error().message, "x.yml: line 2, column 1: the key a is given twice");
}

TEST(Yaml, AliasesCannotNameAnEnormousValue) {
  std::string text = "a0: &a0 [1,1,1,1,1,1,1,1,1,1]\n";
  for (int i = 1; i < 9; ++i) {
    std::string inner = "*a" + std::to_string(i - 1);
    text += "a" + std::to_string(i) + ": &a" + std::to_string(i) + " [" + inner;
    for (int j = 1; j < 10; ++j) text += "," + inner;
    text += "]\n";
  }
  auto document = parse_yaml(text, "bomb.yml");
  ASSERT_FALSE(document.has_value());
  EXPECT_EQ(document.error().message, "bomb.yml: too many values");
}

TEST(Yaml, DeepNestingIsRefused) {
  std::string text;
  for (int i = 0; i < 100; ++i) text += "[";
  for (int i = 0; i < 100; ++i) text += "]";
  EXPECT_FALSE(parse_yaml(text, "deep.yml").has_value());
}

TEST(JsonOrYaml, TakesEither) {
  EXPECT_EQ(parse_json_or_yaml("{\"a\": 1}", "f").value(), Json::parse(R"({"a":1})"));
  EXPECT_EQ(parse_json_or_yaml("a: 1\n", "f").value(), Json::parse(R"({"a":1})"));
  EXPECT_EQ(parse_json_or_yaml("{a: 1} # why", "f.yml").value(), Json::parse(R"({"a":1})"));
}

struct Bad {
  const char* text;
  const char* message;
};

TEST(JsonOrYaml, SaysWhatIsWrong) {
  for (const Bad& bad : {
           Bad{"", "f.json: the file is empty"},
           Bad{" \n ", "f.json: the file is empty"},
           Bad{"hello", "f.json: must be JSON or YAML with keys and values at the top"},
           Bad{"[1]", "f.json: must be JSON or YAML with keys and values at the top"},
           Bad{"12", "f.json: must be JSON or YAML with keys and values at the top"},
       }) {
    auto json = parse_json_or_yaml(bad.text, "f.json");
    ASSERT_FALSE(json.has_value()) << bad.text;
    EXPECT_EQ(json.error().message, bad.message);
  }
  // As YAML it would be a null.
  auto missing = parse_json_or_yaml("{\"a\": 1,\n \"b\": }\n", "f.json");
  ASSERT_FALSE(missing.has_value());
  EXPECT_TRUE(missing.error().message.starts_with("f.json: line 2, column "))
      << missing.error().message;
  auto cut = parse_json_or_yaml("{\n  \"a\": 1,\n  \"b\": [1, 2\n", "f.json");
  ASSERT_FALSE(cut.has_value());
  EXPECT_TRUE(cut.error().message.starts_with("f.json: line 4, column 1: syntax error"))
      << cut.error().message;
}

}  // namespace
}  // namespace tidegate::domain
