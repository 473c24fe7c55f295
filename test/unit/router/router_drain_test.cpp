// Replacing replicas and stopping the router, under load.
#include <atomic>
#include <thread>

#include <gtest/gtest.h>

#include "unit/router/fake_control.h"
#include "unit/router/harness.h"

namespace tidegate::router {
namespace {

using namespace std::chrono_literals;

// Clients that ask without pause until they are told to stop, each on kept or on new connections.
class Load {
 public:
  Load(const Harness& router, int clients) {
    for (int i = 0; i < clients; ++i) {
      threads_.emplace_back([this, &router, keeps = i % 2 == 0] { run(router, keeps); });
    }
  }
  ~Load() { stop(); }
  void stop() {
    stopping_ = true;
    for (std::thread& thread : threads_) thread.join();
    threads_.clear();
  }
  int good() const { return good_; }
  int bad() const { return bad_; }

 private:
  void run(const Harness& router, bool keeps) {
    http::RawSocket kept = router.connect();
    while (!stopping_) {
      const Answer answer = keeps ? ask(kept) : ask(router);
      ++(answer.status == 200 ? good_ : bad_);
      if (answer.status != 200) ADD_FAILURE() << answer.status << " " << answer.body;
    }
  }

  std::atomic<bool> stopping_{false};
  std::atomic<int> good_{0};
  std::atomic<int> bad_{0};
  std::vector<std::thread> threads_;
};

class Drains : public ::testing::Test {
 protected:
  Drains() {
    for (FakeReplica* replica : {&a_, &b_}) {
      replica->answer_by([](const SeenRequest& request) { return ok(request.body); }, 1ms);
    }
  }
  table::Table generation(std::uint64_t number, const FakeReplica& replica) {
    table::Table table = one_service({&replica});
    table.version = number;
    only_version(table).id = "diabetes." + std::to_string(number);
    only_version(table).replicas[0].id = replica.id() + "-" + std::to_string(number);
    only_version(table).max_queue_wait = 5s;
    return table;
  }

  FakeReplica a_{"a"};
  FakeReplica b_{"b"};
};

TEST_F(Drains, ReplacingTheOnlyReplicaUnderLoadLosesNothing) {
  Harness router(generation(1, a_), {.cores = 2, .with_link = true});
  FakeControl control(router.link_path());
  ASSERT_TRUE(control.wait_for_hello(1));
  Load load(router, 6);
  for (std::uint64_t number = 2; number <= 20; ++number) {
    FakeReplica& next = number % 2 == 0 ? b_ : a_;
    const std::uint64_t before = next.seen();
    control.push(generation(number, next));
    ASSERT_TRUE(next.wait_for(before).has_value()) << "the new one gets requests";
    const std::string previous = (number % 2 == 0 ? "a-" : "b-") + std::to_string(number - 1);
    ASSERT_TRUE(control.wait_for_drained(previous));
  }
  load.stop();
  EXPECT_EQ(load.bad(), 0);
  EXPECT_GT(load.good(), 20);
  EXPECT_EQ(a_.most_in_flight(), 1U);
  EXPECT_EQ(b_.most_in_flight(), 1U);
}

TEST_F(Drains, AnIdleRouterStopsAtOnce) {
  Harness router(generation(1, a_), {.drain_timeout = 60s});
  http::RawSocket idle = router.connect();
  EXPECT_EQ(ask(idle).status, 200);
  router.stop();
  router.wait_until_stopped();
  EXPECT_TRUE(idle.at_end());
}

TEST_F(Drains, StoppingLetsEndWhatIsInFlightAndWhatWaits) {
  a_.hold();
  Harness router(generation(1, a_), {.cores = 2, .drain_timeout = 60s});
  http::RawSocket first = router.connect();
  first.send(text_of({.body = "1"}));
  ASSERT_TRUE(a_.wait_for(0).has_value());
  http::RawSocket second = router.connect();
  second.send(text_of({.body = "2"}));
  ASSERT_TRUE(router.metrics_show(
      "tidegate_router_queue_length{workspace=\"default\",service=\"diabetes\",version=\"v1\"} 1"));
  router.stop();
  a_.answer_by([](const SeenRequest& request) { return ok(request.body); });
  a_.answer(0, ok("first"));
  EXPECT_EQ(read_answer(first).body, "first");
  EXPECT_EQ(read_answer(second).body, "2");
  router.wait_until_stopped();
  EXPECT_NE(router.access_log().find("bytes_out=5"), std::string::npos);
}

TEST_F(Drains, WhatOutlivesTheTimeoutIsToldSo) {
  a_.hold();
  Harness router(generation(1, a_), {.drain_timeout = 50ms});
  http::RawSocket first = router.connect();
  first.send(text_of({.body = "1"}));
  ASSERT_TRUE(a_.wait_for(0).has_value());
  router.stop();
  const Answer answer = read_answer(first);
  EXPECT_EQ(answer.status, 503);
  EXPECT_EQ(answer.reason(), "draining");
  router.wait_until_stopped();
  EXPECT_NE(router.access_log().find("reason=draining status=503"), std::string::npos);
}

TEST_F(Drains, StoppingUnderLoadAnswersEveryRequestThatWasAccepted) {
  auto router = std::make_unique<Harness>(generation(1, a_), HarnessOptions{.cores = 2});
  http::RawSocket kept = router->connect();
  EXPECT_EQ(ask(kept).status, 200);
  std::vector<http::RawSocket> sockets;
  for (int i = 0; i < 8; ++i) {
    sockets.push_back(router->connect());
    sockets.back().send(text_of({.body = std::to_string(i)}));
  }
  ASSERT_TRUE(a_.wait_for(3).has_value());
  router->stop();
  int answered = 0;
  for (int i = 0; i < 8; ++i) {
    if (read_answer(sockets[i]).body == std::to_string(i)) ++answered;
  }
  EXPECT_EQ(answered, 8);
}

}  // namespace
}  // namespace tidegate::router
