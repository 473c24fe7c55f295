#include "app/restart_policy.h"

#include <gtest/gtest.h>

namespace tidegate::app {
namespace {

TEST(RestartPolicy, ChildThatLivedIsBackAtOnce) {
  RestartPolicy policy;
  EXPECT_EQ(policy.delay_after(Milliseconds(60'000)), Milliseconds(0));
  EXPECT_EQ(policy.delay_after(Milliseconds(60'000)), Milliseconds(0));
}

TEST(RestartPolicy, ChildThatEndsAtOnceWaitsLongerButNeverOverASecond) {
  RestartPolicy policy;
  EXPECT_EQ(policy.delay_after(Milliseconds(1)), Milliseconds(0));
  EXPECT_EQ(policy.delay_after(Milliseconds(1)), Milliseconds(100));
  EXPECT_EQ(policy.delay_after(Milliseconds(1)), Milliseconds(200));
  for (int i = 0; i < 100; ++i) policy.delay_after(Milliseconds(1));
  EXPECT_EQ(policy.delay_after(Milliseconds(1)), RestartPolicy::kDelayMax);
}

TEST(RestartPolicy, LivingWellForgivesThePast) {
  RestartPolicy policy;
  for (int i = 0; i < 5; ++i) policy.delay_after(Milliseconds(1));
  EXPECT_EQ(policy.delay_after(RestartPolicy::kLivedWell), Milliseconds(0));
}

}  // namespace
}  // namespace tidegate::app
