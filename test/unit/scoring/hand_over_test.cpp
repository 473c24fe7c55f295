#include "scoring/hand_over.h"

#include <gtest/gtest.h>
#include <signal.h>

#include <latch>
#include <thread>

#include "support/sim.h"

namespace tidegate::scoring {
namespace {

class HandOverTest : public testing::Test {
 protected:
  test::SimClock clock_;
  HandOver hand_over_{4, clock_};
};

TEST_F(HandOverTest, JobsComeInOrderAndMarkedAsStarted) {
  Job first;
  Job second;
  hand_over_.begin(first);
  hand_over_.begin(second);
  EXPECT_EQ(hand_over_.take(), &first);
  EXPECT_EQ(first.started_ns, clock_.mono().time_since_epoch().count());
  EXPECT_EQ(second.started_ns, 0);
  EXPECT_EQ(hand_over_.take(), &second);
  EXPECT_EQ(hand_over_.take(), nullptr);
}

TEST_F(HandOverTest, ASleepingWorkerIsWokenForEachJob) {
  constexpr int kJobs = 20'000;
  std::vector<Job> jobs(kJobs);
  std::atomic<int> done{0};
  std::thread worker([&] {
    while (done < kJobs) {
      if (Job* job = hand_over_.take()) {
        EXPECT_EQ(job, &jobs[static_cast<std::size_t>(done)]);
        ++done;
      } else {
        hand_over_.wait();
      }
    }
  });
  for (int i = 0; i < kJobs; ++i) {
    hand_over_.begin(jobs[static_cast<std::size_t>(i)]);
    // Sometimes the worker has slept, sometimes a few jobs wait: never more than the ring takes.
    while (i - done >= (i % 7 == 0 ? 0 : 3)) std::this_thread::yield();
  }
  worker.join();
}

TEST_F(HandOverTest, EndsOnceTheLastJobIsTaken) {
  Job job;
  hand_over_.begin(job);
  hand_over_.end();
  EXPECT_FALSE(hand_over_.has_ended());
  EXPECT_EQ(hand_over_.take(), &job);
  EXPECT_EQ(hand_over_.take(), nullptr);
  EXPECT_TRUE(hand_over_.has_ended());
  hand_over_.wait();  // does not sleep: end() woke it
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
  asked.count_down();
  worker.join();
  ::signal(SIGALRM, SIG_DFL);
}

}  // namespace
}  // namespace tidegate::scoring
