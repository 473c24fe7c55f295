#include "base/json_path.h"

#include <gtest/gtest.h>

namespace tidegate {
namespace {

const Json kPod = Json::parse(
    R"({"metadata": {"name": "a", "generation": 3, "deletionTimestamp": null}, "items": [1]})");

TEST(JsonPath, WhatIsAbsentNullOrOfAnotherKindReadsAsNothing) {
  EXPECT_EQ(find_at(kPod, {"status", "phase"}), nullptr);
  EXPECT_EQ(find_at(kPod, {"metadata", "deletionTimestamp"}), nullptr);
  EXPECT_EQ(find_at(kPod, {"metadata", "name", "first"}), nullptr);
  EXPECT_EQ(find_at(kPod, {"items", "0"}), nullptr);
  EXPECT_EQ(text_at(kPod, {"metadata", "generation"}), "");
  EXPECT_EQ(number_at(kPod, {"metadata", "name"}), 0);
  EXPECT_EQ(number_or(kPod, "metadata", 7), 7);
  EXPECT_EQ(number_or(Json{{"half", 0.5}}, "half", 7), 7);
}

TEST(JsonPath, FindsWhatIsThere) {
  EXPECT_EQ(find_at(kPod, {}), &kPod);
  EXPECT_EQ(text_at(kPod, {"metadata", "name"}), "a");
  EXPECT_EQ(number_at(kPod, {"metadata", "generation"}), 3);
  EXPECT_EQ(number_or(kPod["metadata"], "generation", 7), 3);
}

}  // namespace
}  // namespace tidegate
