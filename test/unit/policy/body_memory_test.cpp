#include "policy/body_memory.h"

#include <gtest/gtest.h>

namespace tidegate::policy {
namespace {

TEST(BodyMemory, FewRequestsGetAMegabyteEach) {
  for (std::uint64_t requests : {0U, 1U, 256U}) EXPECT_EQ(body_memory_max(requests), 1U << 20);
}

TEST(BodyMemory, ManyGetLessButNeverNothing) {
  EXPECT_EQ(body_memory_max(1024), 256U << 10);
  EXPECT_EQ(body_memory_max(1'000'000), 16U << 10);
}

// Each request has the share of the moment when it came.
TEST(BodyMemory, TenThousandThatComeOneByOneTakeALittleOverAGigabyte) {
  std::uint64_t sum = 0;
  for (std::uint64_t open = 1; open <= 10'000; ++open) sum += body_memory_max(open);
  EXPECT_LT(sum, 1'300UL << 20);
}

}  // namespace
}  // namespace tidegate::policy
