#include "http/loop.h"

#include <gtest/gtest.h>

#include "unit/http/support.h"

namespace tidegate::http {
namespace {

TEST(Loop, RunsPostedTasksInOrder) {
  Loop loop;
  std::vector<int> order;
  for (int i = 0; i < 5; ++i) loop.post([&order, i] { order.push_back(i); });
  loop.post([&] { loop.stop(); });
  loop.post([&] { order.push_back(99); });
  loop.run();
  EXPECT_EQ(order, (std::vector<int>{0, 1, 2, 3, 4}));
}

TEST(Loop, ReturnsAtOnceWhenItWasStoppedBefore) {
  Loop loop;
  loop.stop();
  loop.run();
}

TEST(Loop, DestroysTasksThatWereNotRun) {
  auto token = std::make_shared<int>(1);
  {
    Loop loop;
    loop.post([kept = token] { FAIL() << "was run"; });
    EXPECT_EQ(token.use_count(), 2);
  }
  EXPECT_EQ(token.use_count(), 1);
}

TEST(Loop, TasksComeFromOtherThreads) {
  LoopThread thread;
  int sum = 0;
  std::vector<std::thread> posters;
  for (int i = 0; i < 4; ++i) {
    posters.emplace_back([&] {
      for (int k = 0; k < 1000; ++k) thread.loop.post([&sum] { ++sum; });
    });
  }
  for (auto& poster : posters) poster.join();
  EXPECT_EQ(thread.run([&] { return sum; }), 4000);
}

TEST(Loop, TimeStandsStillWithinATask) {
  LoopThread thread;
  thread.run([&] {
    const MonoTime before = thread.loop.now();
    std::this_thread::sleep_for(Milliseconds(3));
    EXPECT_EQ(thread.loop.now(), before);
  });
  const MonoTime first = thread.run([&] { return thread.loop.now(); });
  std::this_thread::sleep_for(Milliseconds(3));
  EXPECT_GE(thread.run([&] { return thread.loop.now(); }) - first, Milliseconds(3));
}

TEST(Timer, FiresInOrderOfTime) {
  Loop loop;
  std::vector<int> order;
  Timer late(loop);
  Timer early(loop);
  Timer same(loop);
  loop.post([&] {
    late.start(Milliseconds(20), [&] {
      order.push_back(3);
      loop.stop();
    });
    early.start(Milliseconds(5), [&] { order.push_back(1); });
    same.start(Milliseconds(5), [&] { order.push_back(2); });
  });
  const auto begin = std::chrono::steady_clock::now();
  loop.run();
  EXPECT_EQ(order, (std::vector<int>{1, 2, 3}));
  EXPECT_GE(std::chrono::steady_clock::now() - begin, Milliseconds(20));
}

TEST(Timer, StartingAgainReplacesAndCancellingSilences) {
  Loop loop;
  int replaced = 0;
  int fired = 0;
  Timer restarted(loop);
  Timer cancelled(loop);
  auto destroyed = std::make_unique<Timer>(loop);
  Timer end(loop);
  loop.post([&] {
    restarted.start(Milliseconds(1), [&] { ++replaced; });
    restarted.start(Milliseconds(3), [&] { ++fired; });
    cancelled.start(Milliseconds(1), [&] { ++replaced; });
    cancelled.cancel();
    destroyed->start(Milliseconds(1), [&] { ++replaced; });
    destroyed.reset();
    end.start(Milliseconds(10), [&] { loop.stop(); });
  });
  loop.run();
  EXPECT_EQ(replaced, 0);
  EXPECT_EQ(fired, 1);
}

TEST(Timer, MayRestartAndDestroyItselfInItsTask) {
  Loop loop;
  int count = 0;
  auto timer = std::make_unique<Timer>(loop);
  std::function<void()> again = [&] {
    if (++count < 1000) return timer->start(Milliseconds(0), again);
    timer.reset();
    loop.stop();
  };
  loop.post([&] { timer->start(Milliseconds(0), again); });
  loop.run();
  EXPECT_EQ(count, 1000);
}

TEST(Timer, OneThatRestartsWithoutDelayLeavesRoomForOthers) {
  Loop loop;
  Timer busy(loop);
  bool stop = false;
  std::function<void()> again = [&] {
    if (!stop) busy.start(Milliseconds(0), again);
  };
  loop.post([&] {
    busy.start(Milliseconds(0), again);
    loop.post([&] {
      stop = true;
      loop.stop();
    });
  });
  loop.run();
  EXPECT_TRUE(stop);
}

TEST(Timer, CanBeMoved) {
  Loop loop;
  bool fired = false;
  std::vector<Timer> timers;
  timers.emplace_back(loop);
  loop.post([&] {
    timers.front().start(Milliseconds(1), [&] {
      fired = true;
      loop.stop();
    });
    for (int i = 0; i < 10; ++i) timers.emplace_back(loop);
  });
  loop.run();
  EXPECT_TRUE(fired);
}

// The heap against a plain sorted list, with a fixed pseudo-random sequence.
TEST(Timer, ManyTimersFireInOrderWhateverIsCancelled) {
  LoopThread thread;
  std::vector<int> fired;
  std::vector<std::pair<int, int>> expected;
  std::vector<std::unique_ptr<Timer>> timers;
  thread.run([&] {
    std::uint32_t state = 1;
    auto next = [&state] { return (state = state * 1664525 + 1013904223) >> 16; };
    for (int i = 0; i < 500; ++i) {
      timers.push_back(std::make_unique<Timer>(thread.loop));
      const int delay = static_cast<int>(next() % 20);
      timers.back()->start(Milliseconds(delay), [&fired, i] { fired.push_back(i); });
      expected.emplace_back(delay, i);
    }
    for (int i = 0; i < 200; ++i) {
      const int victim = static_cast<int>(next() % 500);
      timers[static_cast<std::size_t>(victim)]->cancel();
      std::erase_if(expected, [&](const auto& entry) { return entry.second == victim; });
    }
  });
  std::stable_sort(expected.begin(), expected.end(),
                   [](const auto& a, const auto& b) { return a.first < b.first; });
  for (int i = 0; i < 1000 && thread.run([&] { return fired.size(); }) < expected.size(); ++i) {
    std::this_thread::sleep_for(Milliseconds(2));
  }
  thread.run([&] {
    ASSERT_EQ(fired.size(), expected.size());
    for (std::size_t i = 0; i < fired.size(); ++i) EXPECT_EQ(fired[i], expected[i].second);
    timers.clear();
  });
}

}  // namespace
}  // namespace tidegate::http
