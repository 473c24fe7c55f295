#include "http/waker.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <unistd.h>

#include <thread>

namespace tidegate::http {
namespace {

class WakerTest : public testing::Test {
 protected:
  void SetUp() override {
    ASSERT_TRUE(waker_.start([this] { ++wakes_; }));
  }
  void run_until(int wakes) {
    while (wakes_ < wakes) ASSERT_TRUE(loop_.run_one());
  }

  Loop loop_;
  Waker waker_{loop_};
  int wakes_ = 0;
};

TEST_F(WakerTest, EndsTheWaitOfAnotherThread) {
  for (int i = 1; i <= 3; ++i) {
    std::thread other([this] { waker_.wake(); });
    run_until(i);
    other.join();
  }
}

TEST_F(WakerTest, ManyWakesAreOneOrMoreAndNeverBlock) {
  for (int i = 0; i < 100'000; ++i) waker_.wake();
  run_until(1);
  while (loop_.poll_one()) {
  }
  const int before = wakes_;
  EXPECT_LT(before, 100'000);
  waker_.wake();
  run_until(before + 1);
}

TEST_F(WakerTest, AByteThatSomebodyElseWritesIsAWake) {
  EXPECT_EQ(::write(waker_.fd(), "x", 1), 1);
  run_until(1);
}

Waker* woken_by_signal = nullptr;

TEST_F(WakerTest, WakesFromASignalHandler) {
  woken_by_signal = &waker_;
  ::signal(SIGUSR1, [](int) { woken_by_signal->wake(); });
  ::raise(SIGUSR1);
  run_until(1);
  ::signal(SIGUSR1, SIG_DFL);
}

TEST(Loop, PollOneSaysWhetherSomethingWasDue) {
  Loop loop;
  EXPECT_FALSE(loop.poll_one());
  bool ran = false;
  loop.post([&] { ran = true; });
  EXPECT_TRUE(loop.poll_one());
  EXPECT_TRUE(ran);
  loop.stop();
  EXPECT_FALSE(loop.run_one());
}

}  // namespace
}  // namespace tidegate::http
