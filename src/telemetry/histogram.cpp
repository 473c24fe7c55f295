#include "telemetry/histogram.h"

#include <algorithm>
#include <numeric>

namespace tidegate::telemetry {

void Histogram::add(std::chrono::microseconds value) {
  const double seconds = static_cast<double>(value.count()) / 1e6;
  auto bound = std::lower_bound(kBoundsSeconds.begin(), kBoundsSeconds.end(), seconds);
  ++buckets_[static_cast<std::size_t>(bound - kBoundsSeconds.begin())];
  sum_ += value;
}

void Histogram::merge(const Histogram& other) {
  for (std::size_t i = 0; i < buckets_.size(); ++i) buckets_[i] += other.buckets_[i];
  sum_ += other.sum_;
}

std::uint64_t Histogram::up_to(std::size_t bucket) const {
  const auto end = buckets_.begin() + static_cast<std::ptrdiff_t>(bucket) + 1;
  return std::accumulate(buckets_.begin(), end, std::uint64_t{0});
}

}  // namespace tidegate::telemetry
