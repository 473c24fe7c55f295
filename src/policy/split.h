#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

namespace tidegate::policy {

// Index of a version, each as often as its weight says (parts of the sum). If nobody has a weight,
// the first one gets all. nullopt: there is no version.
std::optional<std::size_t> split(std::span<const std::uint32_t> weights, std::uint64_t dice);

}  // namespace tidegate::policy
