#pragma once

#include <algorithm>
#include <cstdint>

namespace tidegate::policy {

inline constexpr std::uint64_t kBodyMemoryMost = 1UL << 20;
inline constexpr std::uint64_t kBodyMemoryLeast = 16UL << 10;
inline constexpr std::uint64_t kBodyMemoryBudget = 256UL << 20;

// How much of a request's body may stay in memory when so many requests are open: 1 MB each for the
// first 256, then less, so that ten thousand that wait with their bodies do not take 10 GB. What
// does not fit goes to a file.
constexpr std::uint64_t body_memory_max(std::uint64_t open_requests) {
  const std::uint64_t share = kBodyMemoryBudget / std::max<std::uint64_t>(open_requests, 1);
  return std::clamp(share, kBodyMemoryLeast, kBodyMemoryMost);
}

}  // namespace tidegate::policy
