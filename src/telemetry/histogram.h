#pragma once

#include <array>
#include <chrono>
#include <cstdint>

namespace tidegate::telemetry {

// Counts of durations in fixed buckets, from 1 ms to 300 s (the largest scoringTimeoutMs).
class Histogram {
 public:
  static constexpr std::array<double, 17> kBoundsSeconds{
      0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300};

  void add(std::chrono::microseconds value);
  void merge(const Histogram& other);

  // Number of values up to and including kBoundsSeconds[bucket]; the last bucket holds all.
  std::uint64_t up_to(std::size_t bucket) const;
  std::uint64_t count() const { return up_to(kBoundsSeconds.size()); }
  double sum_seconds() const { return static_cast<double>(sum_.count()) / 1e6; }

 private:
  std::array<std::uint64_t, kBoundsSeconds.size() + 1> buckets_{};
  std::chrono::microseconds sum_{0};
};

}  // namespace tidegate::telemetry
