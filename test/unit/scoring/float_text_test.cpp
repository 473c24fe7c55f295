// Numbers of replies. The expected texts are what CPython 3.11 prints.
#include <gtest/gtest.h>

#include <limits>
#include <utility>

#include "scoring/float_text.h"

namespace tidegate::scoring {
namespace {

std::string text_of(double value) {
  std::string text;
  append_float(text, value);
  return text;
}

TEST(FloatTextTest, IsThatOfPython) {
  const std::pair<double, const char*> kCases[] = {
      {0.0, "0.0"},
      {-0.0, "-0.0"},
      {1.0, "1.0"},
      {-2.5, "-2.5"},
      {0.1, "0.1"},
      {100.0, "100.0"},
      {123456789.125, "123456789.125"},
      {0.001, "0.001"},
      {0.0001, "0.0001"},
      {0.00012345, "0.00012345"},
      {0.00001, "1e-05"},
      {0.000012345, "1.2345e-05"},
      {1e15, "1000000000000000.0"},
      {9999999999999998.0, "9999999999999998.0"},
      {1e16, "1e+16"},
      {12345678901234567890.0, "1.2345678901234567e+19"},
      {1e100, "1e+100"},
      {-1.5e-300, "-1.5e-300"},
      {1.0 / 3.0, "0.3333333333333333"},
      {5e-324, "5e-324"},
      {1.7976931348623157e308, "1.7976931348623157e+308"},
  };
  for (const auto& [value, text] : kCases) EXPECT_EQ(text_of(value), text);
}

TEST(FloatTextTest, WhatJsonHasNoWordFor) {
  const double infinity = std::numeric_limits<double>::infinity();
  EXPECT_EQ(text_of(std::numeric_limits<double>::quiet_NaN()), "NaN");
  EXPECT_EQ(text_of(-std::numeric_limits<double>::quiet_NaN()), "NaN");
  EXPECT_EQ(text_of(infinity), "Infinity");
  EXPECT_EQ(text_of(-infinity), "-Infinity");
}

TEST(FloatTextTest, IsAppended) {
  std::string text = "[";
  append_float(text, 0.5);
  EXPECT_EQ(text, "[0.5");
}

}  // namespace
}  // namespace tidegate::scoring
