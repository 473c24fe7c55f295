#include "telemetry/prometheus.h"

#include <gtest/gtest.h>

namespace tidegate::telemetry {
namespace {

using std::chrono::microseconds;

TEST(Histogram, AValueOnABoundIsBelowIt) {
  Histogram histogram;
  histogram.add(microseconds(1000));
  histogram.add(microseconds(1001));
  EXPECT_EQ(histogram.up_to(0), 1U);
  EXPECT_EQ(histogram.up_to(1), 2U);
}

TEST(Histogram, WhatIsBeyondTheLastBoundCounts) {
  Histogram histogram;
  histogram.add(std::chrono::hours(1));
  EXPECT_EQ(histogram.up_to(Histogram::kBoundsSeconds.size() - 1), 0U);
  EXPECT_EQ(histogram.count(), 1U);
}

TEST(Histogram, MergingAdds) {
  Histogram a;
  Histogram b;
  a.add(microseconds(500));
  b.add(microseconds(1'500'000));
  a.merge(b);
  EXPECT_EQ(a.count(), 2U);
  EXPECT_DOUBLE_EQ(a.sum_seconds(), 1.5005);
}

TEST(PrometheusText, LabelValuesAreEscaped) {
  PrometheusText text;
  text.family("x_total", "counter", "Things.");
  text.sample("x_total", {{"a", "q\"b\\n\n"}, {"b", ""}}, 7);
  text.sample("x_total", {}, 1);
  EXPECT_EQ(text.take(),
            "# HELP x_total Things.\n# TYPE x_total counter\n"
            "x_total{a=\"q\\\"b\\\\n\\n\",b=\"\"} 7\nx_total 1\n");
}

TEST(PrometheusText, AHistogramEndsWithInfinitySumAndCount) {
  Histogram histogram;
  histogram.add(microseconds(2000));
  PrometheusText text;
  text.histogram("t", {{"s", "a"}}, histogram);
  const std::string all = text.take();
  EXPECT_TRUE(
      all.starts_with("t_bucket{s=\"a\",le=\"0.001\"} 0\nt_bucket{s=\"a\",le=\"0.0025\"} 1\n"))
      << all;
  EXPECT_TRUE(
      all.ends_with("t_bucket{s=\"a\",le=\"+Inf\"} 1\nt_sum{s=\"a\"} 0.002\nt_count{s=\"a\"} 1\n"))
      << all;
}

}  // namespace
}  // namespace tidegate::telemetry
