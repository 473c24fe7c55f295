#include "policy/least_busy.h"

#include <array>
#include <set>
#include <vector>

#include <gtest/gtest.h>

namespace tidegate::policy {
namespace {

TEST(LeastBusy, NobodyIsThereNobodyIsChosen) {
  EXPECT_EQ(least_busy({}, 1, 0), std::nullopt);
}

TEST(LeastBusy, AllAreFull) {
  EXPECT_EQ(least_busy(std::array<std::uint32_t, 3>{2, 3, 2}, 2, 7), std::nullopt);
}

TEST(LeastBusy, AnUnusableOneIsNeverChosenWhateverTheLimit) {
  EXPECT_EQ(least_busy(std::array<std::uint32_t, 2>{kUnusable, kUnusable}, kUnusable, 1),
            std::nullopt);
  EXPECT_EQ(least_busy(std::array<std::uint32_t, 2>{kUnusable, 4}, 5, 0), 1U);
}

TEST(LeastBusy, TheSmallestLoadWins) {
  EXPECT_EQ(least_busy(std::array<std::uint32_t, 4>{3, 1, 0, 2}, 4, 99), 2U);
}

TEST(LeastBusy, EqualOnesShareByDice) {
  std::array<std::uint32_t, 4> loads{1, 0, 5, 0};
  std::set<std::size_t> chosen;
  for (std::uint64_t dice = 0; dice < 2; ++dice) chosen.insert(*least_busy(loads, 2, dice));
  EXPECT_EQ(chosen, (std::set<std::size_t>{1, 3}));
}

}  // namespace
}  // namespace tidegate::policy
