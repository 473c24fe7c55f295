#include "scoring/stream.h"

#include <atomic>
#include <thread>

#include <gtest/gtest.h>

namespace tidegate::scoring {
namespace {

class StreamTest : public testing::Test {
 protected:
  std::atomic<int> wakes_{0};
  std::atomic<bool> timed_out_{false};
  Stream stream_{[this] { ++wakes_; }};
};

TEST_F(StreamTest, PiecesThatNobodyHasTakenNeedOneWake) {
  EXPECT_TRUE(stream_.write("a", timed_out_));
  EXPECT_TRUE(stream_.write("b", timed_out_));
  EXPECT_EQ(wakes_, 1);
  EXPECT_EQ(stream_.take(), "ab");
  EXPECT_EQ(stream_.take(), "");
  EXPECT_TRUE(stream_.write("c", timed_out_));
  EXPECT_EQ(wakes_, 2);
}

TEST_F(StreamTest, WhoeverWritesMoreThanTheLimitWaitsUntilItIsTaken) {
  EXPECT_TRUE(stream_.write(std::string(Stream::kWaitingMaxBytes, 'x'), timed_out_));
  std::atomic<bool> written{false};
  std::thread worker([&] {
    EXPECT_TRUE(stream_.write("more", timed_out_));
    written = true;
  });
  std::this_thread::yield();
  EXPECT_FALSE(written);
  EXPECT_EQ(stream_.take().size(), Stream::kWaitingMaxBytes);
  worker.join();
  EXPECT_EQ(stream_.take(), "more");
}

TEST_F(StreamTest, AClientThatLeavesEndsTheWaiting) {
  EXPECT_TRUE(stream_.write(std::string(Stream::kWaitingMaxBytes, 'x'), timed_out_));
  std::thread worker([&] { EXPECT_FALSE(stream_.write("more", timed_out_)); });
  stream_.cut();
  worker.join();
  EXPECT_FALSE(stream_.write("more", timed_out_));
}

TEST_F(StreamTest, TheTimeLimitEndsTheWaiting) {
  EXPECT_TRUE(stream_.write(std::string(Stream::kWaitingMaxBytes, 'x'), timed_out_));
  std::thread worker([&] { EXPECT_FALSE(stream_.write("more", timed_out_)); });
  timed_out_ = true;
  worker.join();
}

}  // namespace
}  // namespace tidegate::scoring
