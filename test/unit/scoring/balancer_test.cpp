// Requests spread over worker processes: the limits, the order, and what is passed through.
#include "balancer_fixture.h"

namespace tidegate::scoring {
namespace {

bool is_refusal(const Client::Answer& answer) {
  return answer.status == 503 && answer.header("x-tidegate-not-started") == "1";
}

// Until the balancer has seen that many wait, which a refusal of the next one shows.
void expect_full(Client client) {
  const auto answer = client.receive();
  EXPECT_TRUE(is_refusal(answer)) << answer.status << answer.body;
}

TEST_F(BalancerTest, IsNotHealthyAndRefusesBeforeAWorkerIsReady) {
  start(2);
  const auto health = connect().get("/");
  EXPECT_EQ(health.status, 503);
  EXPECT_NE(health.body.find("init() has not returned yet"), std::string::npos);
  EXPECT_NE(health.header("x-request-id"), "(none)");
  const auto answer = asking().receive();
  EXPECT_TRUE(is_refusal(answer));
  EXPECT_EQ(answer.header("x-ms-server-version"), "tidegate/test");
  EXPECT_EQ(answer.header("x-ms-run-function-failed"), "False");
  add(1);
  EXPECT_EQ(connect().get("/").body, "Healthy");
}

TEST_F(BalancerTest, NoWorkerGetsMoreThanItsSlotsAndWhatComesOnTopIsRefused) {
  start(5);
  FakeProcess& one = add(1, /*slots=*/2);
  FakeProcess& two = add(2, /*slots=*/1);
  std::vector<Client> asked;
  for (int i = 0; i < 5; ++i) {
    asked.push_back(asking());
    settle();
  }
  expect_full(asking());
  one.wait_until_it_holds(2);
  for (int i = 0; i < 4; ++i) one.answer(200, "one");
  two.answer(200, "two");
  int from_one = 0;
  for (Client& client : asked) from_one += client.receive().body == "one" ? 1 : 0;
  EXPECT_EQ(from_one, 4);
  EXPECT_EQ(one.held_most(), 2U);
  EXPECT_EQ(two.held_most(), 1U);
}

TEST_F(BalancerTest, WhoWaitsIsServedInOrderOfArrival) {
  start(4);
  FakeProcess& worker = add(1);
  std::vector<Client> asked;
  for (const char* body : {"a", "b", "c", "d"}) {
    asked.push_back(asking(body));
    settle();
  }
  for (const char* body : {"a", "b", "c", "d"}) {
    const std::string request = worker.next_request();
    EXPECT_TRUE(request.ends_with(std::string("\r\n\r\n") + body)) << request;
    worker.answer(200, body);
  }
  EXPECT_EQ(asked[3].receive().body, "d");
}

TEST_F(BalancerTest, EqualWorkersHaveTheirTurns) {
  start(1);
  FakeProcess& one = add(1);
  FakeProcess& two = add(2);
  one.answer_all({.status = 200, .body = "1"});
  two.answer_all({.status = 200, .body = "2"});
  std::string seen;
  for (int i = 0; i < 4; ++i) seen += asking().receive().body;
  EXPECT_EQ(seen, "1212");
}

TEST_F(BalancerTest, ARequestAndItsReplyPassUnchangedButForWhatMeansOneConnection) {
  start(1);
  FakeProcess& worker = add(1);
  options_.balancer.replica_secret = Secret("");
  Client client = connect();
  client.send(
      "POST /score?a=1&b=%20x HTTP/1.1\r\nHost: example\r\nX-Request-Id: 7\r\n"
      "x-Odd: one\r\nx-Odd: two\r\nConnection: keep-alive, X-Mine\r\nX-Mine: 1\r\n"
      "x-tidegate-replica-secret: s\r\nAuthorization: Bearer k\r\n"
      "Transfer-Encoding: chunked\r\n\r\n2\r\nab\r\n1\r\nc\r\n0\r\n\r\n");
  EXPECT_EQ(worker.next_request(),
            "POST /score?a=1&b=%20x\r\nHost: example\r\nX-Request-Id: 7\r\n"
            "x-Odd: one\r\nx-Odd: two\r\nAuthorization: Bearer k\r\nContent-Length: 3\r\n\r\nabc");
  worker.answer({.status = 418,
                 .headers = {{"x-request-id", "r"}, {"Set-Cookie", "a"}, {"Set-Cookie", "b"}},
                 .body = "body"});
  const auto answer = client.receive();
  EXPECT_EQ(answer.status, 418);
  EXPECT_EQ(answer.body, "body");
  EXPECT_EQ(answer.header("x-request-id"), "r");
  EXPECT_NE(answer.head.find("Set-Cookie: a\r\nSet-Cookie: b\r\n"), std::string::npos);
  EXPECT_EQ(answer.header("x-ms-server-version"), "(none)");
}

TEST_F(BalancerTest, WhatNoRunIsCalledForIsAnsweredWhileAllWorkersAreBusy) {
  start(1);
  FakeProcess& worker = add(1);
  Client busy = asking();
  worker.next_request();
  EXPECT_EQ(connect().get("/").body, "Healthy");
  Client swagger = connect();
  swagger.send("GET /swagger.json HTTP/1.1\r\nHost: h\r\n\r\n");
  settle();
  worker.answer(200, "scored");
  worker.answer(200, "{swagger}");
  EXPECT_EQ(busy.receive().body, "scored");
  EXPECT_EQ(swagger.receive().body, "{swagger}");
}

TEST_F(BalancerTest, ARefusedRequestGoesToAnotherWorker) {
  start(2);
  FakeProcess& one = add(1);
  FakeProcess& two = add(2);
  Client client = asking("x");
  one.refuse();
  EXPECT_TRUE(two.next_request().ends_with("x"));
  two.answer(200, "done");
  EXPECT_EQ(client.receive().body, "done");
}

TEST_F(BalancerTest, OptionsThatABusyScriptRefusesWaitsForIt) {
  start(2);
  FakeProcess& worker = add(1);
  Client busy = asking("x");
  worker.next_request();
  Client options = connect();
  options.send("OPTIONS /score HTTP/1.1\r\nHost: h\r\n\r\n");
  settle();
  worker.answer(200, "scored");
  worker.refuse();
  EXPECT_TRUE(worker.next_request().starts_with("OPTIONS /score"));
  worker.answer(200, "allowed");
  EXPECT_EQ(options.receive().body, "allowed");
}

TEST_F(BalancerTest, AWorkerThatRefusesForEverIsNotAskedForEver) {
  start(1);
  FakeProcess& worker = add(1);
  worker.answer_all({.status = 503, .headers = {{"x-tidegate-not-started", "1"}}, .body = "no"});
  EXPECT_TRUE(is_refusal(asking().receive()));
  EXPECT_EQ(connect().get("/").body, "Healthy");
}

TEST_F(BalancerTest, ASlowSenderHoldsNoWorker) {
  start(1);
  FakeProcess& worker = add(1);
  worker.answer_all({.status = 200, .body = "ok"});
  Client slow = connect();
  slow.send("POST /score HTTP/1.1\r\nHost: h\r\nContent-Length: 4\r\n\r\nab");
  EXPECT_EQ(asking().receive().body, "ok");
  slow.send("cd");
  EXPECT_EQ(slow.receive().body, "ok");
}

TEST_F(BalancerTest, ABodyOverTheLimitIs413AndALargeOneArrivesWhole) {
  options_.balancer.body_limits.size_max_bytes = 3 << 20;
  options_.balancer.body_limits.memory_max_bytes = 1 << 20;
  start(1);
  FakeProcess& worker = add(1);
  EXPECT_EQ(asking(std::string((3 << 20) + 1, 'x')).receive().status, 413);
  const std::string body = std::string(2 << 20, 'x') + "end";
  Client client = asking(body);
  EXPECT_TRUE(worker.next_request().ends_with("\r\n\r\n" + body));
  worker.answer(200, body);
  EXPECT_EQ(client.receive().body, body);
}

TEST_F(BalancerTest, AClientThatLeavesFreesNoWorker) {
  options_.addresses.push_back(*http::Address::parse("unix:" + (folder_ / "s").string()));
  start(1);
  FakeProcess& worker = add(1);
  Client leaver(server_->addresses()[1]);
  leaver.send(post_text("x"));
  worker.next_request();
  leaver.close();
  settle();
  EXPECT_TRUE(is_refusal(asking().receive()));
  worker.answer_all({.status = 200, .body = "y"});
  worker.answer(200, "nobody reads this");
  Client::Answer answer;
  while (answer.status != 200) answer = asking().receive();
  EXPECT_EQ(answer.body, "y");
}

TEST_F(BalancerTest, AClientThatLeavesTheQueueGivesItsPlaceUp) {
  options_.addresses.push_back(*http::Address::parse("unix:" + (folder_ / "s").string()));
  start(2);
  FakeProcess& worker = add(1);
  Client first = asking("first");
  worker.next_request();
  {
    Client leaver(server_->addresses()[1]);
    leaver.send(post_text("left"));
    settle();
  }
  settle();
  Client second = asking("second");
  settle();
  worker.answer(200, "1");
  EXPECT_TRUE(worker.next_request().ends_with("second"));
  worker.answer(200, "2");
  EXPECT_EQ(second.receive().body, "2");
}

TEST_F(BalancerTest, AStreamHoldsItsWorkerToItsEndAndASlowReaderOfAWholeReplyDoesNot) {
  start(2);
  FakeProcess& worker = add(1);
  Client stream = asking("a");
  worker.begin("piece");
  Client next = asking("b");
  settle();
  EXPECT_EQ(worker.held_most(), 1U);
  worker.end();
  EXPECT_TRUE(worker.next_request().ends_with("b"));
  worker.answer(200, std::string(8 << 20, 'x'));  // `next` does not read it now
  EXPECT_EQ((worker.answer_all({.status = 200, .body = "c"}), asking("c").receive().body), "c");
  EXPECT_EQ(next.receive().body.size(), 8U << 20);
}

TEST_F(BalancerTest, AStreamEndsWithItsClientAndItsWorkerIsFree) {
  options_.addresses.push_back(*http::Address::parse("unix:" + (folder_ / "s").string()));
  start(2);
  FakeProcess& worker = add(1);
  Client leaver(server_->addresses()[1]);
  leaver.send(post_text("a"));
  worker.begin("piece");
  Client next = asking("b");
  leaver.close();
  // The worker is told that nobody listens, and takes the next request.
  while (!worker.next_request().ends_with("b")) settle();
  worker.answer(200, "for b");
  EXPECT_EQ(next.receive().body, "for b");
}

TEST_F(BalancerTest, BrowsersMayReadItsOwnRepliesWhereTheyMayReadAWorkers) {
  const std::vector<std::string> origins{"http://a.example"};
  options_.balancer.cors = *Cors::make(origins);
  start(1);
  const auto answer = asking("{}", "Origin: http://a.example\r\n").receive();
  EXPECT_TRUE(is_refusal(answer));
  EXPECT_EQ(answer.header("Access-Control-Allow-Origin"), "http://a.example");
}

TEST_F(BalancerTest, StrangersAreRefusedBeforeAnyWorkerSeesThem) {
  options_.balancer.replica_secret = Secret("s3cret");
  start(1);
  FakeProcess& worker = add(1);
  for (const char* headers : {"", "x-tidegate-replica-secret: s3cres\r\n"}) {
    const auto answer = asking("{}", headers).receive();
    EXPECT_EQ(answer.status, 401);
    EXPECT_EQ(answer.header("x-tidegate-not-started"), "1");
  }
  EXPECT_EQ(connect().get("/").body, "Healthy");
  EXPECT_TRUE(worker.holds_none());
  Client client = asking("{}", "x-tidegate-replica-secret: s3cret\r\n");
  EXPECT_EQ(worker.next_request().find("s3cret"), std::string::npos);
  worker.answer(200, "ok");
  EXPECT_EQ(client.receive().body, "ok");
}

}  // namespace
}  // namespace tidegate::scoring
