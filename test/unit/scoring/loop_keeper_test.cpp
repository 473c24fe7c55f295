#include "scoring/loop_keeper.h"

#include <gtest/gtest.h>

#include <atomic>
#include <functional>
#include <future>
#include <thread>

namespace tidegate::scoring {
namespace {

constexpr std::chrono::seconds kPatience{30};

class LoopKeeperTest : public testing::Test {
 protected:
  ~LoopKeeperTest() override {
    keeper_.take();
    keeper_.end();
  }
  // On whatever thread runs the loop: which one that was.
  std::thread::id thread_that_serves() {
    std::promise<std::thread::id> promise;
    auto answer = promise.get_future();
    loop_.post([&promise] { promise.set_value(std::this_thread::get_id()); });
    if (answer.wait_for(kPatience) != std::future_status::ready) return {};
    return answer.get();
  }
  bool wait_for(const std::function<bool()>& condition) {
    const auto end = std::chrono::steady_clock::now() + kPatience;
    while (!condition()) {
      if (std::chrono::steady_clock::now() > end) return false;
      std::this_thread::sleep_for(Milliseconds(1));
    }
    return true;
  }

  const Milliseconds tick_{2};
  std::atomic<int> quiets_{0};
  std::atomic<unsigned> takens_{0};
  http::Loop loop_;
  LoopKeeper keeper_{
      loop_, tick_, {.on_taken = [this] { ++takens_; }, .on_quiet = [this] { ++quiets_; }}};
};

TEST_F(LoopKeeperTest, TheHelperServesUntilTheMainThreadTakesTheLoop) {
  keeper_.start();
  const std::thread::id helper = thread_that_serves();
  EXPECT_NE(helper, std::thread::id());
  EXPECT_NE(helper, std::this_thread::get_id());
  keeper_.take();
  std::thread::id served;
  loop_.post([&] { served = std::this_thread::get_id(); });
  while (served == std::thread::id()) loop_.run_one();
  EXPECT_EQ(served, std::this_thread::get_id());
  keeper_.give();
}

TEST_F(LoopKeeperTest, TheHelperServesAMainThreadThatIsAway) {
  keeper_.start();
  keeper_.take();
  keeper_.give();
  // Time and again: at first it looks in at its ticks, later it waits in the loop.
  for (int i = 0; i < 30; ++i) EXPECT_NE(thread_that_serves(), std::thread::id());
  EXPECT_GT(keeper_.take_overs(), 0U);
  EXPECT_EQ(takens_, keeper_.take_overs());
  keeper_.take();
  keeper_.give();
}

TEST_F(LoopKeeperTest, NobodyTakesTheLoopFromTheMainThread) {
  keeper_.start();
  keeper_.take();
  std::atomic<bool> served{false};
  loop_.post([&] { served = true; });
  ASSERT_TRUE(wait_for([&] { return quiets_ > 0; }));  // the helper has looked many times
  EXPECT_FALSE(served);
  EXPECT_EQ(keeper_.take_overs(), 0U);
  keeper_.give();
}

TEST_F(LoopKeeperTest, AHelperThatSleepsIsWokenByTheNextGive) {
  keeper_.start();
  keeper_.take();
  for (int round = 1; round <= 3; ++round) {
    ASSERT_TRUE(wait_for([&] { return quiets_ >= round; }));
    keeper_.give();
    EXPECT_NE(thread_that_serves(), std::thread::id());
    keeper_.take();
  }
  keeper_.give();
}

TEST_F(LoopKeeperTest, TheLoopHasOneOwnerAtATime) {
  keeper_.start();
  std::atomic<int> inside{0};
  std::atomic<int> served{0};
  std::atomic<bool> done{false};
  std::thread poster([&] {
    while (!done) {
      loop_.post([&] {
        EXPECT_EQ(++inside, 1);
        --inside;
        ++served;
      });
      std::this_thread::sleep_for(std::chrono::microseconds(100));
    }
  });
  keeper_.take();
  for (int i = 0; i < 200; ++i) {
    keeper_.give();
    if (i % 10 == 0) std::this_thread::sleep_for(tick_ * 3);
    keeper_.take();
    while (loop_.poll_one()) {
    }
  }
  done = true;
  poster.join();
  EXPECT_GT(served, 0);
  keeper_.give();
}

}  // namespace
}  // namespace tidegate::scoring
