#include "control/workers.h"

#include <gtest/gtest.h>

#include <latch>

namespace tidegate::control {
namespace {

TEST(WorkersTest, ALaneKeepsTheOrderOfItsJobsAndResults) {
  http::Loop loop;
  std::vector<int> jobs;
  std::vector<int> results;
  Workers lane(loop, /*threads=*/1);
  for (int i = 0; i < 100; ++i) {
    lane.start(
        [&jobs, i] {
          jobs.push_back(i);
          return i;
        },
        [&results, &loop](int result) {
          results.push_back(result);
          if (result == 99) loop.stop();
        });
  }
  loop.run();
  EXPECT_EQ(results, jobs);
  EXPECT_EQ(jobs.size(), 100u);
}

TEST(WorkersTest, AFullQueueIsSaidAndNothingHappens) {
  http::Loop loop;
  std::latch gate(1);
  std::latch begun(1);
  Workers workers(loop, /*threads=*/1, /*queue_max=*/2);
  auto wait = [&] {
    begun.count_down();
    gate.wait();
    return 0;
  };
  auto nothing = [] { return 0; };
  auto ignore = [](int) {};
  EXPECT_TRUE(workers.start(wait, ignore));
  begun.wait();
  EXPECT_TRUE(workers.start(nothing, ignore));
  EXPECT_TRUE(workers.start(nothing, ignore));
  EXPECT_FALSE(workers.start(nothing, ignore));
  gate.count_down();
}

}  // namespace
}  // namespace tidegate::control
