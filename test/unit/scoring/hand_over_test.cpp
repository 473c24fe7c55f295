#include "scoring/hand_over.h"

#include <gtest/gtest.h>
#include <signal.h>

#include <algorithm>
#include <latch>
#include <set>
#include <thread>

#include "support/sim.h"

namespace tidegate::scoring {
namespace {

class HandOverTest : public testing::Test {
 protected:
  test::SimClock clock_;
  HandOver hand_over_{clock_};
};

TEST_F(HandOverTest, JobsComeInOrderAndMarkedAsStarted) {
  Job first;
  Job second;
  EXPECT_FALSE(hand_over_.has_waiting());
  hand_over_.begin(first);
  hand_over_.begin(second);
  EXPECT_TRUE(hand_over_.has_waiting());
  EXPECT_EQ(hand_over_.take(), &first);
  EXPECT_EQ(first.started_ns, clock_.mono().time_since_epoch().count());
  EXPECT_EQ(second.started_ns, 0);
  EXPECT_EQ(hand_over_.take(), &second);
  EXPECT_EQ(hand_over_.take(), nullptr);
  EXPECT_FALSE(hand_over_.has_waiting());
}

TEST_F(HandOverTest, WhatIsTakenBackIsTakenByNobody) {
  Job running;
  Job waiting;
  hand_over_.begin(running);
  hand_over_.begin(waiting);
  EXPECT_EQ(hand_over_.take(), &running);
  EXPECT_EQ(hand_over_.take_back(), &waiting);
  EXPECT_EQ(waiting.started_ns, 0);
  EXPECT_EQ(hand_over_.take_back(), nullptr);
  EXPECT_EQ(hand_over_.take(), nullptr);
}

TEST_F(HandOverTest, SeveralThreadsTakeEachJobOnce) {
  constexpr std::size_t kJobs = 5'000;
  std::vector<Job> jobs(kJobs);
  std::vector<std::vector<Job*>> taken(3);
  std::vector<std::thread> workers;
  for (auto& mine : taken) {
    workers.emplace_back([this, &mine] {
      while (Job* job = hand_over_.wait_and_take()) mine.push_back(job);
    });
  }
  for (Job& job : jobs) hand_over_.begin(job);
  hand_over_.end();
  for (std::thread& worker : workers) worker.join();
  std::set<Job*> all;
  for (auto& mine : taken) {
    EXPECT_TRUE(std::is_sorted(mine.begin(), mine.end()));
    all.insert(mine.begin(), mine.end());
  }
  EXPECT_EQ(all.size(), kJobs);
}

TEST_F(HandOverTest, EndsOnceTheLastJobIsTaken) {
  Job job;
  hand_over_.begin(job);
  hand_over_.end();
  EXPECT_EQ(hand_over_.wait_and_take(), &job);
  EXPECT_EQ(hand_over_.wait_and_take(), nullptr);
}

std::atomic<int> alarms{0};

TEST_F(HandOverTest, OnlyTheRunningJobIsInterrupted) {
  alarms = 0;
  ::signal(SIGALRM, [](int) { ++alarms; });
  Job running;
  Job waiting;
  hand_over_.begin(running);
  hand_over_.begin(waiting);
  std::latch taken(1);
  std::latch asked(1);
  std::thread worker([&] {
    hand_over_.take();
    taken.count_down();
    asked.wait();
  });
  taken.wait();
  hand_over_.interrupt(waiting);
  EXPECT_EQ(alarms, 0);
  hand_over_.interrupt(running);
  while (alarms == 0) std::this_thread::yield();
  alarms = 0;
  hand_over_.leave();  // come back a moment before
  hand_over_.interrupt(running);
  EXPECT_EQ(alarms, 0);
  asked.count_down();
  worker.join();
  ::signal(SIGALRM, SIG_DFL);
}

}  // namespace
}  // namespace tidegate::scoring
