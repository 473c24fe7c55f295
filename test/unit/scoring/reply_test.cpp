#include <algorithm>

#include "server_fixture.h"

namespace tidegate::scoring {
namespace {

using ReplyTest = ServerTest;

TEST_F(ReplyTest, APlainOutcomeIsJsonWithTheTimeOfRun) {
  start_and_open();
  Client client = connect();
  auto answer = round_trip(client, post_text("{}", "x-request-id: abc\r\n"),
                           {.body = "[1]", .run_ms = 0.0123});
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(answer.body, "[1]");
  EXPECT_EQ(answer.header("content-type"), "application/json");
  EXPECT_EQ(answer.header("x-ms-run-fn-exec-ms"), "0.012");
  EXPECT_EQ(answer.header("x-ms-run-function-failed"), "False");
  EXPECT_EQ(answer.header("x-request-id"), "abc");
  EXPECT_EQ(answer.header("x-ms-request-id"), "abc");
  EXPECT_EQ(answer.header("x-ms-client-request-id"), "(none)");
}

TEST_F(ReplyTest, AFailedRunSaysSoAndHasNoTime) {
  start_and_open();
  Client client = connect();
  auto answer = round_trip(client, post_text("{}"),
                           {.status = 500, .body = "{}", .failed = Outcome::Failed::yes});
  EXPECT_EQ(answer.status, 500);
  EXPECT_EQ(answer.header("x-ms-run-function-failed"), "True");
  EXPECT_EQ(answer.header("x-ms-run-fn-exec-ms"), "(none)");
}

TEST_F(ReplyTest, AScriptsOwnHeadersGoThrough) {
  start_and_open();
  Client client = connect();
  auto answer = round_trip(client, post_text("{}"),
                           {.status = 201,
                            .body = "x",
                            .headers = {{"content-type", "image/png"}, {"X-Own", "1"}},
                            .failed = Outcome::Failed::unsaid});
  EXPECT_EQ(answer.status, 201);
  EXPECT_EQ(answer.header("content-type"), "image/png");
  EXPECT_EQ(answer.header("x-own"), "1");
  EXPECT_EQ(answer.header("x-ms-run-function-failed"), "(none)");
}

TEST_F(ReplyTest, AScriptCannotSplitTheReply) {
  start_and_open();
  Client client = connect();
  auto answer =
      round_trip(client, post_text("{}"), {.body = "x", .headers = {{"X-Own", "1\r\nEvil: 2"}}});
  EXPECT_EQ(answer.header("evil"), "(none)");
}

TEST_F(ReplyTest, WithoutAVersionTheHeaderIsMissing) {
  options_.front.version = "";
  start_and_open();
  EXPECT_EQ(connect().get("/").header("x-ms-server-version"), "(none)");
}

TEST_F(ReplyTest, TooLongIdsAreRefusedBeforeTheWorkerSeesThem) {
  start_and_open();
  const std::string long_id(101, 'a');
  auto request_id = connect().post("/score", "{}", "x-request-id: " + long_id + "\r\n");
  EXPECT_EQ(request_id.status, 431);
  EXPECT_EQ(request_id.body, R"({"message": "x-request-id must not exceed 100 characters"})");
  EXPECT_EQ(request_id.header("x-request-id"), "(none)");
  auto client_id = connect().post("/score", "{}",
                                  "x-ms-client-request-id: " + long_id + "\r\nx-request-id: a\r\n");
  EXPECT_EQ(client_id.status, 431);
  EXPECT_EQ(client_id.header("x-request-id"), "a");
  EXPECT_TRUE(worker_.holds_none());
}

TEST_F(ReplyTest, TheWorkerGetsMethodTargetIdAndBody) {
  start_and_open();
  Client client = connect();
  client.send(
      "POST /score?a=1 HTTP/1.1\r\nHost: test\r\nContent-Length: 2\r\nx-request-id: abc\r\n\r\nhi");
  Job& job = worker_.next();
  EXPECT_EQ(job.request.method, "POST");
  EXPECT_EQ(job.request.target, "/score?a=1");
  EXPECT_EQ(job.request.request_id, "abc");
  EXPECT_EQ(job.request.body.memory(), "hi");
  EXPECT_TRUE(job.request.headers.empty());
  server_->finish(job);
}

TEST_F(ReplyTest, HeadersAreCopiedOnlyForScriptsThatWantThem) {
  start_and_open({.headers = true});
  Client client = connect();
  client.send(post_text("{}", "x-own: 1\r\n"));
  Job& job = worker_.next();
  EXPECT_TRUE(
      std::ranges::find(job.request.headers, std::pair<std::string, std::string>("X-Own", "1")) !=
      job.request.headers.end());
  server_->finish(job);
}

TEST_F(ReplyTest, APlaceThatIsUsedAgainKeepsNothingOfItsLastRequest) {
  start_and_open({.headers = true});
  Client client = connect();
  round_trip(client, post_text("a long body", "x-own: 1\r\nx-request-id: abc\r\nTraceId: t\r\n"),
             {.status = 500, .body = "old", .failed = Outcome::Failed::yes});
  client.send("POST /score HTTP/1.1\r\nHost:\r\n\r\n");
  Job& job = worker_.next();
  EXPECT_EQ(job.request.body.size(), 0U);
  EXPECT_EQ(job.request.headers, (HeaderList{{"Host", ""}}));
  EXPECT_NE(job.request.request_id, "abc");
  EXPECT_EQ(job.outcome.status, 200);
  EXPECT_EQ(job.outcome.body, "");
  server_->finish(job);
  auto answer = client.receive();
  EXPECT_EQ(answer.header("traceid"), "(none)");
  EXPECT_EQ(answer.header("x-ms-run-function-failed"), "False");
}

}  // namespace
}  // namespace tidegate::scoring
