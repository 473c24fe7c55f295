#include <fmt/format.h>

#include "server_fixture.h"

namespace tidegate::scoring {
namespace {

using AdmissionTest = ServerTest;

TEST_F(AdmissionTest, OneRequestMoreThanTheLimitIsRefusedBeforeTheWorkerSeesIt) {
  options_.front.concurrent_max = 2;
  start_and_open();
  Client first = connect();
  Client second = connect();
  Client third = connect();
  first.send(post_text("1"));
  second.send(post_text("2"));
  Job& one = worker_.next();
  Job& two = worker_.next();
  auto refusal = third.post("/score", "3", "x-request-id: abc\r\n");
  EXPECT_EQ(refusal.status, 503);
  EXPECT_EQ(refusal.header("x-tidegate-not-started"), "1");
  EXPECT_EQ(refusal.header("x-request-id"), "abc");
  EXPECT_EQ(refusal.body, R"({"message": "The limit of this replica is reached: 2 at once"})");
  EXPECT_TRUE(worker_.holds_none());
  server_->finish(one);
  server_->finish(two);
  EXPECT_EQ(first.receive().status, 200);
  EXPECT_EQ(second.receive().status, 200);
}

TEST_F(AdmissionTest, ThePlaceIsFreeOnceTheReplyIsRead) {
  start_and_open();
  Client client = connect();
  for (int i = 0; i < 100; ++i) {
    EXPECT_EQ(round_trip(client, post_text("{}"), {.body = "{}"}).status, 200);
  }
}

TEST_F(AdmissionTest, AClientThatLeavesFreesNoPlace) {
  start_and_open();
  Client leaver = connect();
  leaver.send(post_text("{}"));
  Job& job = worker_.next();
  leaver.close();
  Client other = connect();
  EXPECT_EQ(other.post("/score", "{}").status, 503);
  server_->finish(job);
  // The loop runs posted tasks in order, so the place is free when this is answered.
  EXPECT_EQ(other.get("/").status, 200);
  EXPECT_EQ(round_trip(other, post_text("{}"), {.body = "{}"}).status, 200);
}

TEST_F(AdmissionTest, ASlowSenderHoldsNoPlace) {
  start_and_open();
  Client slow = connect();
  slow.send("POST /score HTTP/1.1\r\nHost: test\r\nContent-Length: 4\r\n\r\nab");
  Client quick = connect();
  EXPECT_EQ(round_trip(quick, post_text("{}"), {.body = "{}"}).status, 200);
  slow.send("cd");
  Job& job = worker_.next();
  EXPECT_EQ(job.request.body.memory(), "abcd");
  server_->finish(job);
  EXPECT_EQ(slow.receive().status, 200);
}

TEST_F(AdmissionTest, ABodyThatIsCompleteWhileAllPlacesAreTakenIsRefused) {
  start_and_open();
  Client slow = connect();
  slow.send("POST /score HTTP/1.1\r\nHost: test\r\nContent-Length: 4\r\n\r\nab");
  Client quick = connect();
  // Two turns of the loop later its head has been read, and it was let in at that point.
  EXPECT_EQ(quick.get("/").status, 200);
  EXPECT_EQ(quick.get("/").status, 200);
  quick.send(post_text("{}"));
  Job& job = worker_.next();
  slow.send("cd");
  auto refusal = slow.receive();
  EXPECT_EQ(refusal.status, 503);
  EXPECT_EQ(refusal.header("x-tidegate-not-started"), "1");
  server_->finish(job);
}

TEST_F(AdmissionTest, AClientThatLeavesWhileSendingIsForgotten) {
  start_and_open();
  for (int i = 0; i < 5; ++i) {
    Client leaver = connect();
    leaver.send("POST /score HTTP/1.1\r\nHost: test\r\nContent-Length: 4\r\n\r\nab");
    leaver.close();
  }
  Client client = connect();
  EXPECT_EQ(round_trip(client, post_text("{}"), {.body = "{}"}).status, 200);
  EXPECT_TRUE(worker_.holds_none());
}

TEST_F(AdmissionTest, HealthAnswersWhileAllPlacesAreTaken) {
  start_and_open();
  Client busy = connect();
  busy.send(post_text("{}"));
  Job& job = worker_.next();
  EXPECT_EQ(connect().get("/").body, "Healthy");
  server_->finish(job);
  EXPECT_EQ(busy.receive().status, 200);
}

TEST_F(AdmissionTest, PipelinedRequestsAreOneAtATime) {
  start_and_open();
  Client client = connect();
  client.send(post_text("1") + post_text("2"));
  answer_next({.body = "one"});
  EXPECT_EQ(client.receive().body, "one");
  answer_next({.body = "two"});
  EXPECT_EQ(client.receive().body, "two");
}

TEST_F(AdmissionTest, StoppingRefusesWhatIsNewAndFinishesWhatIsAdmitted) {
  start_and_open();
  Client busy = connect();
  busy.send(post_text("{}"));
  Job& job = worker_.next();
  server_->stop_admitting();
  EXPECT_TRUE(server_->is_stopping());
  auto refusal = connect().post("/score", "{}");
  EXPECT_EQ(refusal.status, 503);
  EXPECT_EQ(refusal.header("x-tidegate-not-started"), "1");
  EXPECT_EQ(connect().get("/").status, 503);
  job.outcome.body = "done";
  server_->finish(job);
  server_->end();
  worker_.wait_for_end();
  server_->stop();
  EXPECT_EQ(busy.receive().body, "done");
}

TEST_F(AdmissionTest, StoppingBeforeInitHasReturnedStaysStopped) {
  start();
  server_->stop_admitting();
  server_->open({}, {});
  EXPECT_EQ(connect().get("/").status, 503);
}

TEST_F(AdmissionTest, ABodyOverTheLimitIsRefusedUnread) {
  options_.front.body_limits.size_max_bytes = 10;
  start_and_open();
  EXPECT_EQ(connect().post("/score", "12345678901").status, 413);
  Client chunked = connect();
  chunked.send(
      "POST /score HTTP/1.1\r\nHost: test\r\nTransfer-Encoding: chunked\r\n\r\n"
      "8\r\n12345678\r\n8\r\n12345678\r\n0\r\n\r\n");
  EXPECT_EQ(chunked.receive().status, 413);
  EXPECT_TRUE(worker_.holds_none());
  Client client = connect();
  EXPECT_EQ(round_trip(client, post_text("1234567890"), {.body = "{}"}).status, 200);
}

TEST_F(AdmissionTest, ABodyLargerThanItsMemoryArrivesWhole) {
  options_.front.body_limits.memory_max_bytes = 1000;
  start_and_open();
  const std::string body(50'000, 'x');
  Client client = connect();
  client.send(post_text(body));
  Job& job = worker_.next();
  EXPECT_FALSE(job.request.body.in_memory());
  EXPECT_EQ(*job.request.body.read_all(), body);
  server_->finish(job);
  EXPECT_EQ(client.receive().status, 200);
}

TEST_F(AdmissionTest, AJobOverItsTimeIsInterruptedOnce) {
  options_.front.scoring_timeout = Milliseconds(5);
  start_and_open();
  Client client = connect();
  client.send(post_text("{}"));
  Job& job = worker_.next();
  job.started_ns = clock_.mono().time_since_epoch().count();
  EXPECT_EQ(&worker_.next_interrupted(), &job);
  EXPECT_TRUE(job.timed_out);
  server_->finish(job);
  EXPECT_EQ(client.receive().status, 200);
  // The next user of the same place starts with a clean slate.
  client.send(post_text("{}"));
  Job& next = worker_.next();
  EXPECT_FALSE(next.timed_out);
  server_->finish(next);
  EXPECT_EQ(client.receive().status, 200);
}

}  // namespace
}  // namespace tidegate::scoring
