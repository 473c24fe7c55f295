#include <atomic>
#include <thread>

#include <gtest/gtest.h>

#include "router/claim.h"

namespace tidegate::router {
namespace {

using namespace std::chrono_literals;

class CountingWatcher final : public SlotWatcher {
 public:
  void on_slot_freed(const std::shared_ptr<VersionState>&) override { ++freed; }
  std::atomic<int> freed{0};
};

class Tickets : public ::testing::Test {
 protected:
  std::shared_ptr<Replica> make_replica(std::string id) {
    return std::make_shared<Replica>(std::move(id), http::Address{}, state_);
  }

  const MonoTime now_{1h};
  CountingWatcher watcher_;
  std::shared_ptr<VersionState> state_ = std::make_shared<VersionState>("v", 0, watcher_);
  table::Version config_{.id = "v", .name = "v", .max_concurrent_per_replica = 2, .replicas = {}};
  LiveVersion version_{
      .config = &config_, .state = state_, .replicas = {make_replica("a"), make_replica("b")}};
  std::vector<std::uint32_t> loads_;
};

TEST_F(Tickets, TheLimitHoldsAndASlotComesBack) {
  auto replica = version_.replicas[0];
  auto one = Ticket::claim(replica, 2);
  {
    auto two = Ticket::claim(replica, 2);
    EXPECT_TRUE(two.has_value());
    EXPECT_FALSE(Ticket::claim(replica, 2).has_value());
  }
  EXPECT_EQ(replica->in_flight, 1U);
  one.reset();
  EXPECT_EQ(replica->in_flight, 0U);
}

TEST_F(Tickets, MovingATicketMovesItsSlot) {
  auto one = Ticket::claim(version_.replicas[0], 2);
  Ticket moved = std::move(*one);
  one.reset();
  EXPECT_EQ(version_.replicas[0]->in_flight, 1U);
  auto other = Ticket::claim(version_.replicas[1], 2);
  moved = std::move(*other);
  EXPECT_EQ(version_.replicas[0]->in_flight, 0U);
  EXPECT_EQ(version_.replicas[1]->in_flight, 1U);
}

TEST_F(Tickets, OnlyWhoWaitsIsWoken) {
  Ticket::claim(version_.replicas[0], 2).reset();
  EXPECT_EQ(watcher_.freed, 0);
  state_->waiting = 1;
  Ticket::claim(version_.replicas[0], 2).reset();
  EXPECT_EQ(watcher_.freed, 1);
}

TEST_F(Tickets, ManyThreadsNeverExceedTheLimit) {
  auto replica = version_.replicas[0];
  std::atomic<int> inside{0};
  std::atomic<int> most{0};
  std::atomic<int> claimed{0};
  auto work = [&] {
    for (int i = 0; i < 20'000; ++i) {
      auto ticket = Ticket::claim(replica, 2);
      if (!ticket) continue;
      ++claimed;
      const int now_inside = ++inside;
      int seen = most;
      while (now_inside > seen && !most.compare_exchange_weak(seen, now_inside)) {
      }
      --inside;
    }
  };
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) threads.emplace_back(work);
  for (std::thread& thread : threads) thread.join();
  EXPECT_LE(most, 2);
  EXPECT_GT(claimed, 0);
  EXPECT_EQ(replica->in_flight, 0U);
}

TEST_F(Tickets, ClaimSpreadsOverReplicasUntilAllAreFull) {
  std::vector<Ticket> tickets;
  while (auto ticket = claim(version_, now_, 7, loads_)) tickets.push_back(std::move(*ticket));
  EXPECT_EQ(tickets.size(), 4U);
  EXPECT_NE(tickets[0].replica(), tickets[1].replica());
}

TEST_F(Tickets, AReplicaThatFailedRestsAndIsThenTriedAgain) {
  auto& sick = *version_.replicas[0];
  sick.rest(policy::Outcome::not_sent, now_);
  for (std::uint64_t dice = 0; dice < 10; ++dice) {
    EXPECT_EQ(claim(version_, now_ + 99ms, dice, loads_)->replica()->id, "b");
  }
  EXPECT_EQ(next_rest_end(version_, now_), now_ + 100ms);
  auto busy_b = Ticket::claim(version_.replicas[1], 2);
  EXPECT_EQ(claim(version_, now_ + 100ms, 0, loads_)->replica()->id, "a");
}

TEST_F(Tickets, RestsGrowWithFailuresInARowAndEndWithAnAnswer) {
  auto& sick = *version_.replicas[0];
  sick.rest(policy::Outcome::not_sent, now_);
  sick.rest(policy::Outcome::not_sent, now_);
  EXPECT_TRUE(sick.is_resting(now_ + 199ms));
  sick.recover();
  EXPECT_FALSE(sick.is_resting(now_));
  sick.rest(policy::Outcome::not_sent, now_);
  EXPECT_FALSE(sick.is_resting(now_ + 100ms));
}

TEST_F(Tickets, ARestingReplicaWithoutAFreeSlotIsNoReasonToWakeUp) {
  auto one = Ticket::claim(version_.replicas[0], 2);
  auto two = Ticket::claim(version_.replicas[0], 2);
  version_.replicas[0]->rest(policy::Outcome::not_started, now_);
  EXPECT_EQ(next_rest_end(version_, now_), std::nullopt);
  two.reset();
  EXPECT_EQ(next_rest_end(version_, now_), now_ + 10ms);
}

}  // namespace
}  // namespace tidegate::router
