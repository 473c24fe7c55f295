#include "policy/retry.h"

#include <gtest/gtest.h>

namespace tidegate::policy {
namespace {

TEST(Retry, OnlyWhatSurelyDidNotStartIsSentAgain) {
  EXPECT_TRUE(may_retry(Outcome::not_sent));
  EXPECT_TRUE(may_retry(Outcome::not_started));
  EXPECT_TRUE(may_retry(Outcome::refused));
  EXPECT_FALSE(may_retry(Outcome::no_response));
  EXPECT_FALSE(may_retry(Outcome::broken_reply));
  EXPECT_FALSE(may_retry(Outcome::answered));
}

TEST(Retry, AFullReplicaRestsUpTo50Ms) {
  EXPECT_EQ(rest_after(Outcome::not_started, 1).count(), 10);
  EXPECT_EQ(rest_after(Outcome::not_started, 2).count(), 20);
  EXPECT_EQ(rest_after(Outcome::not_started, 3).count(), 40);
  EXPECT_EQ(rest_after(Outcome::not_started, 4).count(), 50);
  EXPECT_EQ(rest_after(Outcome::not_started, 0xffffffffU).count(), 50);
}

TEST(Retry, AnUnreachableReplicaRestsUpToASecond) {
  EXPECT_EQ(rest_after(Outcome::not_sent, 1).count(), 100);
  EXPECT_EQ(rest_after(Outcome::not_sent, 4).count(), 800);
  EXPECT_EQ(rest_after(Outcome::refused, 4).count(), 800);
  EXPECT_EQ(rest_after(Outcome::not_sent, 0xffffffffU).count(), 1000);
}

TEST(Retry, OneThatAnsweredDoesNotRest) {
  EXPECT_EQ(rest_after(Outcome::answered, 3).count(), 0);
  EXPECT_EQ(rest_after(Outcome::no_response, 1).count(), 0);
}

}  // namespace
}  // namespace tidegate::policy
