#include "policy/least_busy.h"

#include <algorithm>

namespace tidegate::policy {

std::optional<std::size_t> least_busy(std::span<const std::uint32_t> loads, std::uint32_t limit,
                                      std::uint64_t dice) {
  if (loads.empty()) return std::nullopt;
  const std::uint32_t least = *std::min_element(loads.begin(), loads.end());
  if (least >= limit) return std::nullopt;
  auto equals = static_cast<std::uint64_t>(std::count(loads.begin(), loads.end(), least));
  std::uint64_t skip = dice % equals;
  for (std::size_t i = 0; i < loads.size(); ++i) {
    if (loads[i] == least && skip-- == 0) return i;
  }
  return std::nullopt;
}

}  // namespace tidegate::policy
