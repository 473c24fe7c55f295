#include "image/single_flight.h"

#include <atomic>
#include <future>

#include <gtest/gtest.h>

namespace tidegate::image {
namespace {

using namespace std::chrono_literals;

constexpr Milliseconds kGrace = 3s;

class SingleFlights : public ::testing::Test {
 protected:
  bool is_given_up(SingleFlight::Turn& turn, Milliseconds at) {
    return turn.is_given_up(MonoTime(at), kGrace);
  }

  SingleFlight flights_;
  std::atomic<bool> is_first_cancelled_ = false;
  std::atomic<bool> is_second_cancelled_ = false;
  SingleFlight::IsCancelled first_ = [this] { return is_first_cancelled_.load(); };
  SingleFlight::IsCancelled second_ = [this] { return is_second_cancelled_.load(); };
};

TEST_F(SingleFlights, WorkIsGivenUpOnceNobodyHasWantedItForTheGrace) {
  auto turn = flights_.try_begin("a", first_);
  EXPECT_FALSE(is_given_up(*turn, 0s));
  is_first_cancelled_ = true;
  EXPECT_FALSE(is_given_up(*turn, 10s));
  EXPECT_FALSE(is_given_up(*turn, 12s));
  EXPECT_TRUE(is_given_up(*turn, 13s));
}

TEST_F(SingleFlights, WorkOfACallerWhoSaysNothingIsNeverGivenUp) {
  auto turn = flights_.try_begin("a", {});
  EXPECT_FALSE(is_given_up(*turn, 0s));
  EXPECT_FALSE(is_given_up(*turn, 100s));
}

TEST_F(SingleFlights, AnotherWhoWaitsKeepsItGoingUntilHeLeavesToo) {
  auto turn = flights_.try_begin("a", first_);
  std::promise<void> asked;
  std::atomic<bool> is_first_question = true;
  auto waiting = std::async(std::launch::async, [&] {
    return flights_.wait("a", [&] {
      if (is_first_question.exchange(false)) asked.set_value();
      return second_();
    });
  });
  asked.get_future().wait();  // he is among those who ask
  is_first_cancelled_ = true;
  EXPECT_FALSE(is_given_up(*turn, 10s));
  EXPECT_FALSE(is_given_up(*turn, 20s));
  is_second_cancelled_ = true;
  EXPECT_EQ(waiting.get().error().code, Code::cancelled);
  EXPECT_FALSE(is_given_up(*turn, 30s));
  EXPECT_TRUE(is_given_up(*turn, 33s));
}

TEST_F(SingleFlights, WhoComesWhenItIsGivenUpBeginsHimself) {
  auto turn = flights_.try_begin("a", first_);
  std::promise<void> asked;
  std::atomic<bool> is_first_question = true;
  auto waiting = std::async(std::launch::async, [&] {
    return flights_.wait("a", [&] {
      if (is_first_question.exchange(false)) asked.set_value();
      return false;
    });
  });
  asked.get_future().wait();
  turn->set_result(fail(Code::cancelled, "given up"));
  turn.reset();
  EXPECT_TRUE(waiting.get().has_value());
  EXPECT_NE(flights_.try_begin("a", second_), nullptr);
}

TEST_F(SingleFlights, TheOthersGetWhatBecameOfIt) {
  auto turn = flights_.try_begin("a", {});
  EXPECT_EQ(flights_.try_begin("a", {}), nullptr);
  auto waiting = std::async(std::launch::async, [&] { return flights_.wait("a", {}); });
  turn->set_result(fail(Code::invalid, "no such package"));
  // Whoever comes after the end is not told, but may begin.
  turn.reset();
  Result<> told = waiting.get();
  EXPECT_TRUE(told.has_value() || told.error().message == "no such package");
}

}  // namespace
}  // namespace tidegate::image
