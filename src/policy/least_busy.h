#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <span>

namespace tidegate::policy {

// The load of what must not be chosen now (it refused a moment ago, or cannot be reached).
inline constexpr std::uint32_t kUnusable = std::numeric_limits<std::uint32_t>::max();

// Index of the smallest load below `limit`; equal ones are chosen by `dice`, so that several cores
// and routers do not all run to the first. nullopt: all are full.
std::optional<std::size_t> least_busy(std::span<const std::uint32_t> loads, std::uint32_t limit,
                                      std::uint64_t dice);

}  // namespace tidegate::policy
