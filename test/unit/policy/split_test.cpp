#include "policy/split.h"

#include <array>

#include <gtest/gtest.h>

namespace tidegate::policy {
namespace {

TEST(Split, WithoutVersionsThereIsNoChoice) {
  EXPECT_EQ(split({}, 3), std::nullopt);
}

TEST(Split, WithoutWeightsTheFirstGetsAll) {
  EXPECT_EQ(split(std::array<std::uint32_t, 2>{0, 0}, 12345), 0U);
}

TEST(Split, AVersionOfWeightZeroGetsNothing) {
  std::array<std::uint32_t, 3> weights{0, 5, 0};
  for (std::uint64_t dice = 0; dice < 20; ++dice) EXPECT_EQ(split(weights, dice), 1U);
}

TEST(Split, SharesAreExactOverAllDice) {
  std::array<std::uint32_t, 3> weights{90, 10, 25};
  std::array<std::uint32_t, 3> seen{};
  for (std::uint64_t dice = 0; dice < 125; ++dice) ++seen[*split(weights, dice)];
  EXPECT_EQ(seen, weights);
}

TEST(Split, HugeWeightsDoNotOverflow) {
  std::array<std::uint32_t, 2> weights{0xffffffffU, 0xffffffffU};
  EXPECT_EQ(split(weights, 0xffffffffULL), 1U);
  EXPECT_EQ(split(weights, 0xfffffffeULL), 0U);
}

}  // namespace
}  // namespace tidegate::policy
