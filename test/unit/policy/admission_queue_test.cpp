#include "policy/admission_queue.h"

#include <gtest/gtest.h>

namespace tidegate::policy {
namespace {

using namespace std::chrono_literals;
using Ids = std::vector<AdmissionQueue::Id>;

const MonoTime kStart{};

TEST(AdmissionQueue, AnEmptyOneHasNoFrontNoDeadlineAndNobodyToRemove) {
  AdmissionQueue queue;
  EXPECT_EQ(queue.front(), std::nullopt);
  EXPECT_EQ(queue.next_deadline(), std::nullopt);
  EXPECT_FALSE(queue.remove(1));
  EXPECT_EQ(queue.take_expired(kStart + 1h), Ids{});
}

TEST(AdmissionQueue, FirstComeFirstServed) {
  AdmissionQueue queue;
  for (AdmissionQueue::Id id : {3U, 1U, 2U}) queue.push_back(id, kStart + 500ms);
  Ids order;
  while (!queue.empty()) {
    order.push_back(*queue.front());
    queue.remove(*queue.front());
  }
  EXPECT_EQ(order, (Ids{3, 1, 2}));
}

TEST(AdmissionQueue, OneThatWasRefusedHasItsTurnAgain) {
  AdmissionQueue queue;
  queue.push_back(1, kStart + 10ms);
  queue.push_front(2, kStart + 20ms);
  EXPECT_EQ(queue.front(), 2U);
}

TEST(AdmissionQueue, DeadlinesComeInTheirOwnOrder) {
  AdmissionQueue queue;
  queue.push_back(1, kStart + 300ms);
  queue.push_back(2, kStart + 100ms);
  queue.push_back(3, kStart + 200ms);
  EXPECT_EQ(queue.next_deadline(), kStart + 100ms);
  EXPECT_EQ(queue.take_expired(kStart + 99ms), Ids{});
  EXPECT_EQ(queue.take_expired(kStart + 200ms), (Ids{2, 3}));
  EXPECT_EQ(queue.next_deadline(), kStart + 300ms);
  EXPECT_EQ(queue.size(), 1U);
}

TEST(AdmissionQueue, OneThatLeftNeverExpires) {
  AdmissionQueue queue;
  queue.push_back(1, kStart + 1ms);
  queue.push_back(2, kStart + 1ms);
  EXPECT_TRUE(queue.remove(1));
  EXPECT_EQ(queue.take_expired(kStart + 1ms), Ids{2});
}

TEST(AdmissionQueue, TakingAllKeepsOrderAndDeadlines) {
  AdmissionQueue queue;
  queue.push_back(7, kStart + 2ms);
  queue.push_back(5, kStart + 1ms);
  auto all = queue.take_all();
  ASSERT_EQ(all.size(), 2U);
  EXPECT_EQ(all[0], std::pair(AdmissionQueue::Id{7}, kStart + 2ms));
  EXPECT_EQ(all[1], std::pair(AdmissionQueue::Id{5}, kStart + 1ms));
  EXPECT_TRUE(queue.empty());
  EXPECT_EQ(queue.next_deadline(), std::nullopt);
}

}  // namespace
}  // namespace tidegate::policy
