// Slots and queues of the real router over real sockets.
#include <atomic>
#include <thread>

#include <gtest/gtest.h>

#include "unit/router/harness.h"

namespace tidegate::router {
namespace {

using namespace std::chrono_literals;

const std::string kLabels = "{workspace=\"default\",service=\"diabetes\",version=\"v1\"}";

class Queues : public ::testing::Test {
 protected:
  Queues() : table_(one_service({&replica_})) { only_version(table_).max_queue_wait = 10s; }

  bool queue_becomes(const Harness& router, int length) const {
    return router.metrics_show("tidegate_router_queue_length" + kLabels + " " +
                               std::to_string(length));
  }
  bool in_flight_becomes(const Harness& router, int count) const {
    return router.metrics_show("tidegate_router_in_flight" + kLabels + " " + std::to_string(count));
  }
  // A held request at the replica and its client.
  http::RawSocket occupy(const Harness& router) {
    http::RawSocket socket = router.connect();
    socket.send(text_of({.body = "first"}));
    EXPECT_TRUE(replica_.wait_for(0).has_value());
    return socket;
  }

  FakeReplica replica_{"r1"};
  table::Table table_;
};

TEST_F(Queues, WaitingTooLongIs503AndNamesTheKnob) {
  only_version(table_).max_queue_wait = 30ms;
  Harness router(table_);
  http::RawSocket first = occupy(router);
  const Answer answer = ask(router);
  EXPECT_EQ(answer.status, 503);
  EXPECT_EQ(answer.reason(), "queue_timeout");
  EXPECT_EQ(answer.header("Retry-After"), "1");
  EXPECT_NE(answer.body.find("maxQueueWaitMs (30 ms)"), std::string::npos);
  replica_.answer(0, ok("done"));
  EXPECT_EQ(read_answer(first).body, "done");
  EXPECT_EQ(replica_.seen(), 1U);
}

TEST_F(Queues, WithoutAnyReplicaTheReasonIsNoReplica) {
  only_version(table_).replicas.clear();
  only_version(table_).max_queue_wait = 10ms;
  Harness router(table_);
  EXPECT_EQ(ask(router).reason(), "no_replica");
}

TEST_F(Queues, TooManyWhoWaitAreRefusedAtOnce) {
  Harness router(table_, {.waiting_max = 1});
  http::RawSocket first = occupy(router);
  http::RawSocket second = router.connect();
  second.send(text_of({}));
  ASSERT_TRUE(queue_becomes(router, 1));
  const Answer answer = ask(router);
  EXPECT_EQ(answer.status, 503);
  EXPECT_EQ(answer.reason(), "queue_full");
  replica_.answer_by([](const SeenRequest&) { return ok(""); });
  replica_.answer(0, ok(""));
  EXPECT_EQ(read_answer(second).status, 200);
}

TEST_F(Queues, FirstComeFirstServedWhateverTheCore) {
  Harness router(table_, {.cores = 2});
  http::RawSocket first = occupy(router);
  std::vector<http::RawSocket> waiting;
  for (int i = 0; i < 8; ++i) {
    waiting.push_back(router.connect());
    waiting.back().send(text_of({.body = std::to_string(i)}));
    ASSERT_TRUE(queue_becomes(router, i + 1));
  }
  replica_.answer_by([](const SeenRequest& request) { return ok(request.body); });
  replica_.answer(0, ok(""));
  for (int i = 0; i < 8; ++i) {
    const Answer answer = read_answer(waiting[i]);
    EXPECT_EQ(answer.body, std::to_string(i)) << answer.head;
  }
  for (std::uint64_t i = 0; i < 8; ++i)
    EXPECT_EQ(replica_.wait_for(i + 1)->body, std::to_string(i));
}

TEST_F(Queues, TheLimitIsNeverExceededByManyClientsOnTwoCores) {
  FakeReplica other("r2");
  auto echo = [](const SeenRequest& request) { return ok(request.body); };
  replica_.answer_by(echo, 2ms);
  other.answer_by(echo, 2ms);
  table_ = one_service({&replica_, &other});
  only_version(table_).max_concurrent_per_replica = 2;
  only_version(table_).max_queue_wait = 10s;
  Harness router(table_, {.cores = 2});
  std::atomic<int> answered{0};
  std::vector<std::thread> clients;
  for (int client = 0; client < 16; ++client) {
    clients.emplace_back([&router, &answered, client] {
      http::RawSocket socket = router.connect();
      for (int i = 0; i < 25; ++i) {
        const std::string body = std::to_string(client) + "/" + std::to_string(i);
        if (ask(socket, {.body = body}).body == body) ++answered;
      }
    });
  }
  for (std::thread& client : clients) client.join();
  EXPECT_EQ(answered, 400);
  EXPECT_EQ(replica_.most_in_flight(), 2U);
  EXPECT_EQ(other.most_in_flight(), 2U);
  EXPECT_EQ(replica_.seen() + other.seen(), 400U);
  EXPECT_TRUE(in_flight_becomes(router, 0));
  EXPECT_TRUE(queue_becomes(router, 0));
}

TEST_F(Queues, After504TheSlotStaysTakenUntilTheReplicaHasAnswered) {
  only_version(table_).scoring_timeout = 50ms;
  only_version(table_).max_queue_wait = 30ms;
  Harness router(table_);
  const Answer late = ask(router);
  EXPECT_EQ(late.status, 504);
  EXPECT_EQ(late.reason(), "timed_out");
  EXPECT_NE(late.body.find("scoringTimeoutMs (50 ms)"), std::string::npos);
  EXPECT_EQ(ask(router).reason(), "queue_timeout");
  replica_.answer(0, ok("too late"));
  ASSERT_TRUE(in_flight_becomes(router, 0));
  replica_.answer_by([](const SeenRequest&) { return ok("in time"); });
  EXPECT_EQ(ask(router).body, "in time");
  EXPECT_EQ(replica_.most_in_flight(), 1U);
}

TEST_F(Queues, AfterTheClientLeftTheSlotStaysTakenUntilTheReplicaHasAnswered) {
  only_version(table_).max_queue_wait = 30ms;
  Harness router(table_);
  http::RawSocket first = occupy(router);
  first.reset();
  ASSERT_TRUE(router.metrics_show(
      "tidegate_router_requests_total{workspace=\"default\",service=\"diabetes\",version=\"v1\","
      "status=\"499\",reason=\"client_gone\"} 1"));
  EXPECT_EQ(ask(router).reason(), "queue_timeout");
  replica_.answer(0, ok("for nobody"));
  ASSERT_TRUE(in_flight_becomes(router, 0));
  replica_.answer_by([](const SeenRequest&) { return ok("for somebody"); });
  EXPECT_EQ(ask(router).body, "for somebody");
}

TEST_F(Queues, AStreamEndsWithItsClientAndTheSlotIsFree) {
  Harness router(table_);
  http::RawSocket first = occupy(router);
  replica_.begin_reply(0, std::nullopt);
  replica_.write(0, "one");
  first.read_until("3\r\none\r\n");
  first.reset();
  EXPECT_TRUE(replica_.connections_become(0)) << "the replica would go on for nobody";
  ASSERT_TRUE(in_flight_becomes(router, 0));
  replica_.answer_by([](const SeenRequest&) { return ok("for somebody"); });
  EXPECT_EQ(ask(router).body, "for somebody");
}

TEST_F(Queues, AfterTheReplicaDiedTheSlotIsFreeThoughTheClientHadLeft) {
  Harness router(table_);
  http::RawSocket first = occupy(router);
  first.reset();
  ASSERT_TRUE(in_flight_becomes(router, 1));
  replica_.die();
  EXPECT_TRUE(in_flight_becomes(router, 0));
}

TEST_F(Queues, WhoLeavesTheQueueIsNeverDispatched) {
  Harness router(table_);
  http::RawSocket first = occupy(router);
  http::RawSocket second = router.connect();
  second.send(text_of({.body = "second"}));
  ASSERT_TRUE(queue_becomes(router, 1));
  second.reset();
  ASSERT_TRUE(queue_becomes(router, 0));
  replica_.answer_by([](const SeenRequest& request) { return ok(request.body); });
  replica_.answer(0, ok(""));
  EXPECT_EQ(ask(router, {.body = "third"}).body, "third");
  EXPECT_EQ(replica_.wait_for(1)->body, "third");
}

TEST_F(Queues, ScoringTimeBeginsAtDispatchNotBefore) {
  only_version(table_).scoring_timeout = 200ms;
  only_version(table_).max_queue_wait = 10s;
  replica_.answer_by([](const SeenRequest& request) { return ok(request.body); }, 120ms);
  Harness router(table_);
  http::RawSocket first = router.connect();
  http::RawSocket second = router.connect();
  first.send(text_of({.body = "1"}));
  second.send(text_of({.body = "2"}));
  EXPECT_EQ(read_answer(first).status, 200);
  EXPECT_EQ(read_answer(second).status, 200);
}

TEST_F(Queues, ASlowClientDoesNotHoldAReplica) {
  Harness router(table_);
  http::RawSocket slow = router.connect();
  slow.send(text_of({}));
  ASSERT_TRUE(replica_.wait_for(0).has_value());
  const std::string large(1UL << 20, 'x');
  replica_.answer(0, ok(large));
  ASSERT_TRUE(in_flight_becomes(router, 0));
  replica_.answer_by([](const SeenRequest&) { return ok("quick"); });
  EXPECT_EQ(ask(router).body, "quick");
  EXPECT_EQ(read_answer(slow).body, large);
}

TEST_F(Queues, AHugeReplyToASlowClientWaitsAtItsSourceAndArrivesWhole) {
  Harness router(table_);
  http::RawSocket slow = router.connect();
  slow.send(text_of({}));
  ASSERT_TRUE(replica_.wait_for(0).has_value());
  const std::string huge(48UL << 20, 'y');
  replica_.answer(0, ok(huge));
  // A second replica-side answer would be needed if the first had been swallowed: it is not.
  ASSERT_TRUE(in_flight_becomes(router, 1));
  EXPECT_EQ(read_answer(slow).body, huge);
  EXPECT_TRUE(in_flight_becomes(router, 0));
}

}  // namespace
}  // namespace tidegate::router
