// Workers that die, are replaced or hang, and the end of the service.
#include "balancer_fixture.h"
#include "http/listen.h"

namespace tidegate::scoring {
namespace {

using Kind = BalancerEvent::Kind;

bool is_refusal(const Client::Answer& answer) {
  return answer.status == 503 && answer.header("x-tidegate-not-started") == "1";
}

TEST_F(BalancerTest, ACallerWhoseWorkerDiesIsToldWhyAndOthersGoOn) {
  start(3);
  FakeProcess& one = add(1);
  FakeProcess& two = add(2);
  Client lost = asking("x", "x-request-id: mine\r\n");
  one.next_request();
  Client other = asking("y");
  two.next_request();
  Client waits = asking("z");
  settle();
  one.kill();
  server_->ended(1, "killed by signal 11 (SIGSEGV)");
  const auto answer = lost.receive();
  EXPECT_EQ(answer.status, 502);
  EXPECT_NE(answer.body.find("(worker 1, pid 1001) ended: killed by signal 11 (SIGSEGV)"),
            std::string::npos)
      << answer.body;
  EXPECT_EQ(answer.header("x-request-id"), "mine");
  EXPECT_EQ(answer.header("x-ms-run-function-failed"), "True");
  two.answer(200, "y");
  EXPECT_EQ(other.receive().body, "y");
  two.answer(200, "z");
  EXPECT_EQ(waits.receive().body, "z");
}

TEST_F(BalancerTest, ACallerWithoutAnIdIsToldTheOneThatTheWorkerHad) {
  start(1);
  FakeProcess& one = add(1);
  Client lost = asking();
  const std::string seen = one.next_request();
  one.kill();
  server_->ended(1, "exit code 7");
  const auto answer = lost.receive();
  EXPECT_EQ(answer.status, 502);
  EXPECT_EQ(answer.header("x-request-id").size(), 36u);
  EXPECT_EQ(answer.header("x-ms-request-id"), answer.header("x-request-id"));
  EXPECT_NE(seen.find("x-request-id: " + answer.header("x-request-id") + "\r\n"), std::string::npos)
      << seen;
}

TEST_F(BalancerTest, WithoutAReasonTheCallerIsToldAfterASecond) {
  start(1);
  FakeProcess& one = add(1);
  Client lost = asking();
  one.next_request();
  one.kill();
  const auto answer = lost.receive();
  EXPECT_EQ(answer.status, 502);
  EXPECT_NE(answer.body.find("closed the connection"), std::string::npos) << answer.body;
}

TEST_F(BalancerTest, AWorkerThatIsGoneButWhoseConnectionIsHeldOpenHoldsNobody) {
  start(1);
  FakeProcess& one = add(1);
  Client lost = asking();
  one.next_request();
  server_->ended(1, "exit code 7");
  const auto answer = lost.receive();
  EXPECT_EQ(answer.status, 502);
  EXPECT_NE(answer.body.find("ended: exit code 7"), std::string::npos) << answer.body;
}

TEST_F(BalancerTest, AReplyThatBreaksOffBreaksOffForTheClient) {
  start(1);
  FakeProcess& one = add(1);
  Client client = asking();
  one.begin("half");
  one.kill();
  server_->ended(1, "exit code 1");
  EXPECT_EQ(client.receive().body.find("whole"), std::string::npos);
  FakeProcess& two = add(2);
  two.answer_all({.status = 200, .body = "fine"});
  EXPECT_EQ(asking().receive().body, "fine");
}

TEST_F(BalancerTest, WhoseWorkerWasGoneBeforeItTookTheRequestNoticesNothing) {
  start(2);
  FakeProcess& one = add(1);
  FakeProcess& two = add(2);
  one.kill();
  two.answer_all({.status = 200, .body = "two"});
  for (int i = 0; i < 4; ++i) EXPECT_EQ(asking().receive().body, "two");
}

TEST_F(BalancerTest, WhatADyingWorkerHasNotReadGoesToAnother) {
  start(2);
  const auto address = *http::Address::parse("unix:" + (folder_ / "dying").string());
  os::UniqueFd listener = std::move(*http::listen_on(address, {}));  // nobody reads there
  server_->add({.number = 1, .pid = 1001, .address = address});
  FakeProcess& two = add(2);
  Client client = asking("x");
  settle();
  EXPECT_TRUE(two.holds_none());
  listener.reset();
  server_->ended(1, "killed by signal 9 (SIGKILL)");
  EXPECT_TRUE(two.next_request().ends_with("x"));
  two.answer(200, "served");
  EXPECT_EQ(client.receive().body, "served");
}

TEST_F(BalancerTest, WithoutAnyWorkerNewRequestsAreRefusedAndAdmittedOnesWaitForTheNext) {
  start(3);
  FakeProcess& one = add(1);
  Client lost = asking("lost");
  one.next_request();
  Client waits = asking("waits");
  settle();
  one.kill();
  server_->ended(1, "killed by signal 9 (SIGKILL)");
  EXPECT_EQ(lost.receive().status, 502);
  const auto health = connect().get("/");
  EXPECT_EQ(health.status, 503);
  EXPECT_NE(health.body.find("another is on its way"), std::string::npos) << health.body;
  EXPECT_TRUE(is_refusal(asking().receive()));
  FakeProcess& two = add(2);
  EXPECT_TRUE(two.next_request().ends_with("waits"));
  two.answer(200, "served");
  EXPECT_EQ(waits.receive().body, "served");
}

TEST_F(BalancerTest, ARetiredWorkerFinishesWhatItHasAndGetsNothingNew) {
  start(3);
  FakeProcess& one = add(1, 1, /*requests_max=*/2);
  one.answer_all({.status = 200, .body = "1"});
  EXPECT_EQ(asking().receive().body, "1");
  EXPECT_EQ(asking().receive().body, "1");
  expect_event(Kind::due, 1);
  EXPECT_EQ(asking().receive().body, "1") << "it serves on until there is another";
  FakeProcess& two = add(2, /*slots=*/2);
  settle();
  server_->retire(1);
  expect_event(Kind::idle, 1);
  Client client = asking();
  two.next_request();
  server_->retire(2);
  FakeProcess& three = add(3);
  three.answer_all({.status = 200, .body = "3"});
  settle();
  EXPECT_EQ(asking().receive().body, "3");
  EXPECT_TRUE(server_->take_events().empty());
  two.answer(200, "2");
  expect_event(Kind::idle, 2);
  EXPECT_EQ(client.receive().body, "2");
}

TEST_F(BalancerTest, ARequestThatTakesTooLongIsToldAndItsCallerHearsTheReason) {
  options_.balancer.worker_timeout = Milliseconds(50);
  start(1);
  FakeProcess& one = add(1);
  Client client = asking();
  one.next_request();
  expect_event(Kind::stuck, 1);
  one.kill();
  server_->ended(1, "stuck for 50 ms");
  EXPECT_NE(client.receive().body.find("stuck for 50 ms"), std::string::npos);
}

TEST_F(BalancerTest, DrainingFinishesWhatWasAdmittedAndRefusesTheRest) {
  start(3);
  FakeProcess& one = add(1);
  Client running = asking("running");
  one.next_request();
  Client waits = asking("waits");
  settle();
  server_->stop_admitting();
  EXPECT_TRUE(is_refusal(asking().receive()));
  EXPECT_EQ(connect().get("/").status, 503);
  EXPECT_TRUE(server_->take_events().empty());
  one.answer(200, "1");
  EXPECT_TRUE(one.next_request().ends_with("waits"));
  one.answer(200, "2");
  expect_event(Kind::drained, 0);
  EXPECT_EQ(running.receive().body, "1");
  EXPECT_EQ(waits.receive().body, "2");
  server_->stop();
}

TEST_F(BalancerTest, DrainingWithoutAWorkerRefusesThoseWhoWait) {
  start(2);
  FakeProcess& one = add(1);
  Client lost = asking();
  one.next_request();
  Client waits = asking();
  settle();
  server_->stop_admitting();
  one.kill();
  server_->ended(1, "exit code 1");
  EXPECT_EQ(lost.receive().status, 502);
  EXPECT_TRUE(is_refusal(waits.receive()));
  expect_event(Kind::drained, 0);
}

TEST_F(BalancerTest, AnIdleBalancerIsDrainedAtOnce) {
  start(1);
  server_->stop_admitting();
  expect_event(Kind::drained, 0);
}

}  // namespace
}  // namespace tidegate::scoring
