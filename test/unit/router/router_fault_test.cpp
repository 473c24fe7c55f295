// Replicas that are dead, die, refuse or break off: what the client gets and what is tried again.
#include <atomic>
#include <thread>

#include <gtest/gtest.h>

#include "unit/router/harness.h"

namespace tidegate::router {
namespace {

using namespace std::chrono_literals;

class Faults : public ::testing::Test {
 protected:
  Faults() : table_(one_service({&replica_, &other_})) {
    only_version(table_).max_queue_wait = 5s;
    other_.answer_by([](const SeenRequest&) { return ok("other"); });
  }
  void only(const FakeReplica& replica) {
    only_version(table_).replicas = {{.id = replica.id(), .address = replica.address()}};
  }

  FakeReplica replica_{"r1"};
  FakeReplica other_{"r2"};
  table::Table table_;
};

TEST_F(Faults, ADeadReplicaCostsNobodyARequest) {
  replica_.die();
  Harness router(table_);
  for (int i = 0; i < 30; ++i) EXPECT_EQ(ask(router).body, "other");
}

TEST_F(Faults, ADeadReplicaCostsNobodyARequestEvenIfNobodyMayWait) {
  only_version(table_).max_queue_wait = 0ms;
  replica_.die();
  Harness router(table_);
  for (int i = 0; i < 30; ++i) EXPECT_EQ(ask(router).body, "other");
}

TEST_F(Faults, AReplicaThatDiesWhileIdleCostsNobodyARequest) {
  replica_.answer_by([](const SeenRequest&) { return ok("first"); });
  Harness router(table_);
  while (replica_.seen() == 0) EXPECT_EQ(ask(router).status, 200);
  replica_.die();
  for (int i = 0; i < 30; ++i) EXPECT_EQ(ask(router).body, "other");
}

TEST_F(Faults, ARequestWaitsForTheOnlyReplicaToComeBack) {
  only(replica_);
  replica_.die();
  replica_.answer_by([](const SeenRequest&) { return ok("back"); });
  Harness router(table_);
  http::RawSocket socket = router.connect();
  socket.send(text_of({}));
  ASSERT_TRUE(
      router.metrics_show("tidegate_router_retries_total{workspace=\"default\",service="
                          "\"diabetes\",reason=\"not_sent\"} 1"));
  replica_.come_back();
  EXPECT_EQ(read_answer(socket).body, "back");
}

TEST_F(Faults, AnOnlyReplicaThatStaysDeadIs503AtTheDeadline) {
  only(replica_);
  only_version(table_).max_queue_wait = 150ms;
  replica_.die();
  Harness router(table_);
  const Answer answer = ask(router);
  EXPECT_EQ(answer.status, 503);
  EXPECT_EQ(answer.reason(), "queue_timeout");
}

TEST_F(Faults, AReplicaThatDiesWithARequestIs502AndNothingIsRepeated) {
  only(replica_);
  Harness router(table_);
  http::RawSocket socket = router.connect();
  socket.send(text_of({}));
  ASSERT_TRUE(replica_.wait_for(0).has_value());
  replica_.die();
  const Answer answer = read_answer(socket);
  EXPECT_EQ(answer.status, 502);
  EXPECT_EQ(answer.reason(), "replica_exited");
  EXPECT_EQ(replica_.seen(), 1U);
}

TEST_F(Faults, ARequestThatMayHaveStartedIsNotGivenToAnotherReplica) {
  other_.hold();
  Harness router(table_);
  http::RawSocket one = router.connect();
  http::RawSocket two = router.connect();
  one.send(text_of({}));
  two.send(text_of({}));
  ASSERT_TRUE(replica_.wait_for(0).has_value());
  ASSERT_TRUE(other_.wait_for(0).has_value());
  replica_.die();
  other_.answer(0, ok(""));
  EXPECT_EQ(read_answer(one).status + read_answer(two).status, 200 + 502);
  EXPECT_EQ(other_.seen(), 1U);
}

TEST_F(Faults, AReplyThatBreaksOffIsVisiblyBroken) {
  only(replica_);
  Harness router(table_);
  http::RawSocket socket = router.connect();
  socket.send(text_of({}));
  ASSERT_TRUE(replica_.wait_for(0).has_value());
  replica_.begin_reply(0, 100);
  replica_.write(0, "half");
  EXPECT_NE(socket.read_until("half").find("Content-Length: 100"), std::string::npos);
  replica_.break_off(0);
  EXPECT_EQ(socket.read_to_end(), "");
  EXPECT_TRUE(router.metrics_show(
      "tidegate_router_requests_total{workspace=\"default\",service=\"diabetes\",version=\"v1\","
      "status=\"200\",reason=\"broken_reply\"} 1"));
}

TEST_F(Faults, AReplyInPiecesIsPassedOnAsItComes) {
  only(replica_);
  Harness router(table_);
  http::RawSocket socket = router.connect();
  socket.send(text_of({}));
  ASSERT_TRUE(replica_.wait_for(0).has_value());
  replica_.begin_reply(0, std::nullopt);
  replica_.write(0, "one");
  EXPECT_NE(socket.read_until("3\r\none\r\n").find("Transfer-Encoding: chunked"),
            std::string::npos);
  replica_.write(0, "two");
  EXPECT_EQ(socket.read_until("two\r\n"), "3\r\ntwo\r\n");
  replica_.end_reply(0);
  EXPECT_EQ(socket.read_until("0\r\n\r\n"), "0\r\n\r\n");
}

TEST_F(Faults, AReplyThatStopsInTheMiddleEndsAfterScoringTimeout) {
  only(replica_);
  only_version(table_).scoring_timeout = 80ms;
  Harness router(table_);
  http::RawSocket socket = router.connect();
  socket.send(text_of({}));
  ASSERT_TRUE(replica_.wait_for(0).has_value());
  replica_.begin_reply(0, 100);
  replica_.write(0, "half");
  EXPECT_NE(socket.read_to_end().find("half"), std::string::npos);
  EXPECT_TRUE(router.metrics_show(
      "tidegate_router_in_flight{workspace=\"default\",service=\"diabetes\",version=\"v1\"} 1"));
}

TEST_F(Faults, WhatWasNotStartedIsTriedAgainUntilItIs) {
  only(replica_);
  replica_.answer_by([](const SeenRequest& request) {
    return request.number < 3 ? not_started() : ok(request.body);
  });
  Harness router(table_);
  EXPECT_EQ(ask(router, {.body = "mine"}).body, "mine");
  EXPECT_EQ(replica_.seen(), 4U);
  EXPECT_TRUE(
      router.metrics_show("tidegate_router_retries_total{workspace=\"default\",service="
                          "\"diabetes\",reason=\"not_started\"} 3"));
}

TEST_F(Faults, WhatWasNotStartedIsTriedElsewhere) {
  replica_.answer_by([](const SeenRequest&) { return not_started(); });
  Harness router(table_);
  for (int i = 0; i < 20; ++i) EXPECT_EQ(ask(router).body, "other");
}

TEST_F(Faults, ARefusalBeforeTheBodyWasReadIsTriedAgainWithTheWholeBody) {
  only(replica_);
  replica_.answer_unread_by([](const SeenRequest&) { return not_started(); });
  Harness router(table_);
  http::RawSocket socket = router.connect();
  const std::string body(4UL << 20, 'b');
  socket.send(text_of({.body = body}));
  ASSERT_TRUE(replica_.wait_for(1).has_value());
  replica_.answer_by([](const SeenRequest& request) { return ok(request.body); });
  EXPECT_EQ(read_answer(socket).body, body);
}

TEST_F(Faults, ARefusalThatNeverEndsIs503AtTheDeadline) {
  only(replica_);
  only_version(table_).max_queue_wait = 100ms;
  replica_.answer_by([](const SeenRequest&) { return not_started(); });
  Harness router(table_);
  const Answer answer = ask(router);
  EXPECT_EQ(answer.status, 503);
  EXPECT_EQ(answer.reason(), "queue_timeout");
  EXPECT_EQ(answer.header("x-tidegate-not-started"), "");
  EXPECT_LE(replica_.seen(), 12U) << "a replica that refuses rests for 10 ms and more";
}

TEST_F(Faults, ARefusedRequestKeepsItsPlaceInFront) {
  only(replica_);
  Harness router(table_);
  http::RawSocket first = router.connect();
  first.send(text_of({.body = "1"}));
  ASSERT_TRUE(replica_.wait_for(0).has_value());
  http::RawSocket second = router.connect();
  second.send(text_of({.body = "2"}));
  ASSERT_TRUE(router.metrics_show(
      "tidegate_router_queue_length{workspace=\"default\",service=\"diabetes\",version=\"v1\"} 1"));
  replica_.answer_by([](const SeenRequest& request) { return ok(request.body); });
  replica_.answer(0, not_started());
  EXPECT_EQ(read_answer(first).body, "1");
  EXPECT_EQ(read_answer(second).body, "2");
  EXPECT_EQ(replica_.wait_for(1)->body, "1");
}

TEST_F(Faults, A503OfTheScriptIsNoRefusal) {
  only(replica_);
  replica_.answer_by([](const SeenRequest&) { return http::Reply{.status = 503, .body = "mine"}; });
  Harness router(table_);
  EXPECT_EQ(ask(router).body, "mine");
  EXPECT_EQ(replica_.seen(), 1U);
}

http::Reply refused() {
  return {.status = 401,
          .headers = {{"x-tidegate-not-started", "1"}},
          .body = R"({"message": "another secret"})"};
}

TEST_F(Faults, AReplicaThatRefusesUsCostsNobodyARequest) {
  replica_.answer_by([](const SeenRequest&) { return refused(); });
  Harness router(table_);
  for (int i = 0; i < 30; ++i) EXPECT_EQ(ask(router).body, "other");
}

TEST_F(Faults, IfAllReplicasRefuseUsTheReasonSaysSoAndTriesAreFew) {
  only(replica_);
  replica_.answer_unread_by([](const SeenRequest&) { return refused(); });
  for (const Milliseconds wait : {0ms, 250ms}) {
    only_version(table_).max_queue_wait = wait;
    Harness router(table_);
    const std::uint64_t before = replica_.seen();
    for (int i = 0; i < 2; ++i) {
      const Answer answer = ask(router);
      EXPECT_EQ(answer.status, 503);
      EXPECT_EQ(answer.reason(), "replica_refused");
    }
    EXPECT_LE(replica_.seen() - before, 8U);
  }
}

TEST_F(Faults, AReplicaThatTakesUsAgainIsUsedAgain) {
  only(replica_);
  std::atomic<int> seen = 0;
  replica_.answer_by(
      [&seen](const SeenRequest&) { return ++seen <= 2 ? refused() : ok("welcome"); });
  Harness router(table_);
  EXPECT_EQ(ask(router).body, "welcome");
}

TEST_F(Faults, A401OfAScriptIsItsAnswer) {
  only(replica_);
  replica_.answer_by([](const SeenRequest&) {
    return http::Reply{.status = 401, .headers = {}, .body = "log in"};
  });
  Harness router(table_);
  const Answer answer = ask(router);
  EXPECT_EQ(answer.status, 401);
  EXPECT_EQ(answer.body, "log in");
}

TEST_F(Faults, ReplicasSeeTheServicesSecretAndNeverTheClients) {
  only(replica_);
  replica_.answer_by([](const SeenRequest& seen) {
    return ok("<" + seen.header("x-tidegate-replica-secret") + ">");
  });
  const Request smuggles{.headers =
                             "Authorization: Bearer the-key\r\n"
                             "X-Tidegate-Replica-Secret: theirs\r\n"
                             "x-tidegate-replica-secret: theirs\r\n"
                             "Connection: x-tidegate-replica-secret\r\n"};
  {
    Harness router(table_);
    EXPECT_EQ(ask(router, smuggles).body, "<>");
  }
  table_.services[0].replica_secret = "ours";
  Harness router(table_);
  EXPECT_EQ(ask(router, smuggles).body, "<ours>");
}

}  // namespace
}  // namespace tidegate::router
