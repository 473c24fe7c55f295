// Which arrays of a JSON object are taken out, and which objects are left to a whole parser.
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "scoring/number_arrays.h"

namespace tidegate::scoring {
namespace {

using Shape = std::vector<std::size_t>;
using Whole = NumberArray::Whole;
using Real = NumberArray::Real;

std::optional<TakenArrays> take(std::string_view json) {
  const std::vector<std::string> names{"data", "more"};
  return take_arrays(json, names);
}

NumberArray array_of(std::string_view text) {
  auto taken = take("{\"data\":" + std::string(text) + "}");
  return taken ? taken->arrays.at(0).second : NumberArray{};
}

TEST(NumberArraysTest, RowsOfNumbers) {
  const NumberArray array = array_of("[[1.5, 2, -3e2], [0.25, 0, -0]]");
  EXPECT_EQ(array.shape, (Shape{2, 3}));
  EXPECT_EQ(std::get<Real>(array.numbers), (Real{1.5, 2, -300, 0.25, 0, 0}));
}

TEST(NumberArraysTest, WholeNumbersStayWhole) {
  const NumberArray array = array_of("[9223372036854775807, -9223372036854775808, 0]");
  EXPECT_EQ(array.shape, Shape{3});
  EXPECT_EQ(std::get<Whole>(array.numbers), (Whole{std::numeric_limits<std::int64_t>::max(),
                                                   std::numeric_limits<std::int64_t>::min(), 0}));
}

TEST(NumberArraysTest, AMinusZeroIsOneOnlyWithAPoint) {
  const NumberArray array = array_of("[1.0, -0, -0.0]");
  EXPECT_FALSE(std::signbit(std::get<Real>(array.numbers)[1]));
  EXPECT_TRUE(std::signbit(std::get<Real>(array.numbers)[2]));
}

TEST(NumberArraysTest, AnyNumberOfDimensions) {
  EXPECT_EQ(array_of("[[[[1],[2]],[[3],[4]],[[5],[6]]]]").shape, (Shape{1, 3, 2, 1}));
  EXPECT_EQ(array_of("[[[[[[[[1]]]]]]]]").shape.size(), kDimensionsMax);
  EXPECT_FALSE(take(R"({"data": [[[[[[[[[1]]]]]]]]]})"));
}

TEST(NumberArraysTest, TheRestKeepsEverythingElse) {
  const auto taken = take(
      " { \"a\" : {\"data\": [1], \"s\": \"]}\\\"\"} ,\n \"more\" : [ 1 , 2 ] , \"data\":[0.5], "
      "\"z\": [] } ");
  ASSERT_TRUE(taken);
  EXPECT_EQ(taken->rest,
            " { \"a\" : {\"data\": [1], \"s\": \"]}\\\"\"} ,\n \"more\" : null , \"data\":null, "
            "\"z\": [] } ");
  ASSERT_EQ(taken->arrays.size(), 2U);
  EXPECT_EQ(taken->arrays[0].first, "more");
  EXPECT_EQ(taken->arrays[1].first, "data");
  EXPECT_EQ(std::get<Real>(taken->arrays[1].second.numbers), Real{0.5});
}

TEST(NumberArraysTest, WhatAWholeParserMustSee) {
  for (const char* json : {
           "",
           "null",
           "[1]",
           "{}",
           R"({"data": 1})",
           R"({"other": [1]})",
           // no arrays, or no rectangular ones
           R"({"data": []})",
           R"({"data": [[]]})",
           R"({"data": [[1], []]})",
           R"({"data": [[1, 2], [3]]})",
           R"({"data": [1, [2]]})",
           R"({"data": [[1], 2]})",
           R"({"data": [[[1]], [2]]})",
           // not of numbers
           R"({"data": ["1"]})",
           R"({"data": [null]})",
           R"({"data": [NaN]})",
           R"({"data": [-Infinity]})",
           R"({"data": [true]})",
           R"({"data": [{}]})",
           // numbers that JSON does not have, or that are none of ours
           R"({"data": [01]})",
           R"({"data": [1.]})",
           R"({"data": [.5]})",
           R"({"data": [+1]})",
           R"({"data": [-]})",
           R"({"data": [1e]})",
           R"({"data": [0x10]})",
           R"({"data": [1 2]})",
           R"({"data": [9223372036854775808]})",
           R"({"data": [1.5, 9223372036854775808]})",
           R"({"data": [1e400]})",
           R"({"data": [1e-400]})",
           R"({"data": [inf]})",
           R"({"data": [nan]})",
           // torn off, or with something behind it
           R"({"data": [1)",
           R"({"data": [1])",
           R"({"data": [1,]})",
           R"({"data": [1]} x)",
           R"({"data": [1]}})",
           R"({"data": [1], )",
           R"({"data" [1]})",
           R"({"data)",
           R"({"data\)",
           R"({data: [1]})",
           R"({"a": ], "data": [1]})",
           // keys that may be the same one
           R"({"data": [1], "data": 2})",
           R"({"data": 2, "data": [1]})",
           R"({"d\u0061ta": 2, "data": [1]})",
       }) {
    EXPECT_FALSE(take(json)) << json;
  }
}

TEST(NumberArraysTest, NothingBehindTheEndIsRead) {
  const std::string whole = R"({"a": "x\\", "data": [[1.25, 2], [3, 4e1]], "more": [7]})";
  for (std::size_t size = 0; size < whole.size(); ++size) {
    const std::string part(whole.data(), size);  // its own memory: a sanitizer sees a step too far
    EXPECT_FALSE(take(part)) << part;
  }
}

}  // namespace
}  // namespace tidegate::scoring
