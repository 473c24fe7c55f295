#include "policy/split.h"

namespace tidegate::policy {

std::optional<std::size_t> split(std::span<const std::uint32_t> weights, std::uint64_t dice) {
  if (weights.empty()) return std::nullopt;
  std::uint64_t sum = 0;
  for (std::uint32_t weight : weights) sum += weight;
  if (sum == 0) return 0;
  std::uint64_t point = dice % sum;  // the bias is below 2^-24 for any sum that occurs
  std::size_t index = 0;
  while (point >= weights[index]) point -= weights[index++];
  return index;
}

}  // namespace tidegate::policy
