// Requests through the real router over real sockets: what they get.
#include "router/router.h"

#include <gtest/gtest.h>

#include "table/table_file.h"
#include "unit/router/harness.h"

namespace tidegate::router {
namespace {

class OneReplica : public ::testing::Test {
 protected:
  OneReplica() {
    replica_.answer_by([](const SeenRequest& request) { return ok("got " + request.body); });
  }

  FakeReplica replica_{"r1"};
};

TEST_F(OneReplica, WhoHasNoKeyIsRefusedBeforeTheBodyIsRead) {
  Harness router(one_service({&replica_}));
  http::RawSocket socket = router.connect();
  socket.send(
      "POST /api/v1/service/diabetes/score HTTP/1.1\r\nHost: t\r\nContent-Length: 1000000\r\n"
      "Expect: 100-continue\r\n\r\n");
  const Answer answer = read_answer(socket);
  EXPECT_EQ(answer.status, 401);
  EXPECT_EQ(answer.reason(), "unauthenticated");
  EXPECT_EQ(answer.header("WWW-Authenticate"), "Bearer");
  EXPECT_EQ(replica_.seen(), 0U);
}

TEST_F(OneReplica, AWrongKeyIsRefused) {
  Harness router(one_service({&replica_}));
  EXPECT_EQ(ask(router, {.headers = "Authorization: Bearer the-kez\r\n"}).status, 401);
  EXPECT_EQ(replica_.seen(), 0U);
}

TEST_F(OneReplica, WhatIsNotThereIs404AndAWrongMethod405) {
  Harness router(one_service({&replica_}));
  EXPECT_EQ(ask(router, {.path = "/nothing"}).reason(), "no_route");
  EXPECT_EQ(ask(router, {.path = "/api/v1/service/other/score"}).reason(), "unknown_service");
  EXPECT_EQ(ask(router, {.path = "/w/team/api/v1/service/diabetes/score"}).status, 404);
  const Answer answer = ask(router, {.method = "DELETE"});
  EXPECT_EQ(answer.status, 405);
  EXPECT_EQ(answer.header("Allow"), "GET, POST, OPTIONS");
}

TEST_F(OneReplica, WhatIsNoHttpGetsTheSameKindOfReply) {
  Harness router(one_service({&replica_}));
  http::RawSocket socket = router.connect();
  socket.send(
      "POST /x HTTP/1.1\r\nHost: t\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n");
  const Answer answer = read_answer(socket);
  EXPECT_EQ(answer.status, 400);
  EXPECT_EQ(answer.reason(), "bad_request");
  EXPECT_FALSE(answer.header("x-request-id").empty());
}

TEST_F(OneReplica, ABodyBeyondTheLimitIs413AndSaysTheLimit) {
  Harness router(one_service({&replica_}), {.body_max_bytes = 1000});
  const Answer announced = ask(router, {.body = std::string(1001, 'x')});
  EXPECT_EQ(announced.status, 413);
  EXPECT_EQ(announced.reason(), "body_too_large");
  EXPECT_NE(announced.body.find("1000 bytes"), std::string::npos);
  http::RawSocket socket = router.connect();
  socket.send(
      "POST /api/v1/service/diabetes/score HTTP/1.1\r\nHost: t\r\nAuthorization: Bearer the-key\r\n"
      "Transfer-Encoding: chunked\r\n\r\n3e9\r\n" +
      std::string(1001, 'x') + "\r\n0\r\n\r\n");
  EXPECT_EQ(read_answer(socket).status, 413);
  EXPECT_EQ(ask(router, {.body = std::string(1000, 'x')}).status, 200);
}

TEST_F(OneReplica, ABadChunkIs400) {
  Harness router(one_service({&replica_}));
  http::RawSocket socket = router.connect();
  socket.send(
      "POST /api/v1/service/diabetes/score HTTP/1.1\r\nHost: t\r\nAuthorization: Bearer the-key\r\n"
      "Transfer-Encoding: chunked\r\n\r\n-1\r\nabc\r\n0\r\n\r\n");
  EXPECT_EQ(read_answer(socket).reason(), "bad_request");
}

TEST_F(OneReplica, ARequestArrivesWholeAndItsAnswerComesBack) {
  Harness router(one_service({&replica_}));
  const Answer answer = ask(
      router, {.path = "/api/v1/service/diabetes/score?a=1&b=%20",
               .headers = "Authorization: Bearer the-key\r\nx-request-id: my-id\r\n"
                          "x-ms-client-request-id: client-1\r\nContent-Type: application/json\r\n"
                          "Connection: keep-alive\r\n",
               .body = "[1,2]"});
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(answer.body, "got [1,2]");
  EXPECT_EQ(answer.header("Content-Type"), "application/json");
  EXPECT_EQ(answer.header("x-request-id"), "my-id");
  const SeenRequest seen = replica_.wait_for(0).value();
  EXPECT_EQ(seen.method, "POST");
  EXPECT_EQ(seen.target, "/score?a=1&b=%20");
  EXPECT_EQ(seen.body, "[1,2]");
  EXPECT_EQ(seen.header("x-request-id"), "my-id");
  EXPECT_EQ(seen.header("x-ms-client-request-id"), "client-1");
  EXPECT_EQ(seen.header("Authorization"), "Bearer the-key");
  EXPECT_EQ(seen.header("X-Forwarded-For"), "127.0.0.1");
  EXPECT_EQ(seen.header("Connection"), "");
}

TEST_F(OneReplica, EveryReplyHasARequestId) {
  Harness router(one_service({&replica_}));
  const Answer answer = ask(router);
  EXPECT_EQ(answer.header("x-request-id"), replica_.wait_for(0)->header("x-request-id"));
  EXPECT_EQ(ask(router, {.path = "/x", .headers = "x-request-id: i\r\n"}).header("x-request-id"),
            "i");
}

TEST_F(OneReplica, SwaggerAndRootHaveTheirPlace) {
  Harness router(one_service({&replica_}));
  const std::string service = "/api/v1/service/diabetes";
  EXPECT_EQ(ask(router, {.method = "GET", .path = service + "/swagger.json?version=3", .body = ""})
                .status,
            200);
  EXPECT_EQ(ask(router, {.method = "GET", .path = service + "/", .body = ""}).status, 200);
  EXPECT_EQ(ask(router, {.method = "OPTIONS", .path = service + "/score", .body = ""}).status, 200);
  EXPECT_EQ(replica_.wait_for(0)->target, "/swagger.json?version=3");
  EXPECT_EQ(replica_.wait_for(1)->target, "/");
  EXPECT_EQ(replica_.wait_for(2)->method, "OPTIONS");
}

TEST_F(OneReplica, AServiceOfAnotherWorkspaceWithoutAuth) {
  table::Table table = one_service({&replica_});
  table.services[0].workspace = "team";
  table.services[0].auth_enabled = false;
  Harness router(table);
  EXPECT_EQ(ask(router, {.path = "/w/team/api/v1/service/diabetes/score", .headers = ""}).status,
            200);
  EXPECT_EQ(ask(router).status, 404);
}

TEST_F(OneReplica, TheModels500BecomesA502WithItsBodyAndHeaders) {
  replica_.answer_by([](const SeenRequest&) {
    return http::Reply{
        .status = 500,
        .headers = {{"x-ms-run-function-failed", "True"}, {"x-request-id", "theirs"}},
        .body = R"({"message": "traceback"})"};
  });
  Harness router(one_service({&replica_}));
  const Answer answer =
      ask(router, {.headers = "Authorization: Bearer the-key\r\nx-request-id: i\r\n"});
  EXPECT_EQ(answer.status, 502);
  EXPECT_EQ(answer.body, R"({"message": "traceback"})");
  EXPECT_EQ(answer.header("x-ms-run-function-failed"), "True");
  EXPECT_EQ(answer.header("x-tidegate-reason"), "replica_failed");
  EXPECT_EQ(answer.head.find("theirs"), std::string::npos);
}

TEST_F(OneReplica, OtherStatusesOfTheScriptPassUnchanged) {
  Harness router(one_service({&replica_}));
  http::RawSocket socket = router.connect();
  for (int status : {201, 204, 304, 400, 404, 418, 501, 503}) {
    replica_.answer_by([status](const SeenRequest&) { return http::Reply{.status = status}; });
    const Answer answer = ask(socket);
    EXPECT_EQ(answer.status, status);
    EXPECT_EQ(answer.header("x-tidegate-reason"), "");
  }
}

TEST_F(OneReplica, ALargeBodyTakesTheWayThroughAFile) {
  Harness router(one_service({&replica_}));
  std::string body(3UL << 20, '\0');
  for (std::size_t i = 0; i < body.size(); ++i) body[i] = static_cast<char>('a' + i % 23);
  const Answer answer = ask(router, {.body = body});
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(replica_.wait_for(0)->body, body);
  EXPECT_EQ(answer.body, "got " + body);
}

TEST_F(OneReplica, RequestsOfOneConnectionAreAnsweredInOrder) {
  Harness router(one_service({&replica_}));
  http::RawSocket socket = router.connect();
  socket.send(text_of({.body = "1"}) + text_of({.path = "/nothing", .body = "2"}) +
              text_of({.body = "3"}));
  EXPECT_EQ(read_answer(socket).body, "got 1");
  EXPECT_EQ(read_answer(socket).status, 404);
  EXPECT_EQ(read_answer(socket).body, "got 3");
}

TEST_F(OneReplica, ConnectionsToAReplicaAreKept) {
  Harness router(one_service({&replica_}));
  for (int i = 0; i < 20; ++i) EXPECT_EQ(ask(router).status, 200);
  EXPECT_EQ(replica_.connections(), 1U);
}

TEST_F(OneReplica, TheRouterAnswersForItself) {
  Harness router(one_service({&replica_}), {.cores = 2});
  for (const char* path : {"/", "/healthz"}) {
    EXPECT_EQ(ask(router, {.method = "GET", .path = path, .headers = "", .body = ""}).status, 200);
  }
  ask(router);
  EXPECT_TRUE(router.metrics_show(
      "tidegate_router_requests_total{workspace=\"default\",service=\"diabetes\",version=\"v1\","
      "status=\"200\",reason=\"answered\"} 1"));
  EXPECT_TRUE(router.metrics_show("tidegate_router_table_version 1"));
}

TEST_F(OneReplica, EveryRequestIsALineOfTheAccessLogAndKeysAreNot) {
  Harness router(one_service({&replica_}), {.cores = 2});
  ask(router,
      {.headers = "Authorization: Bearer the-key\r\nx-request-id: first\r\n", .body = "12345"});
  ask(router, {.headers = "Authorization: Bearer wrong\r\nx-request-id: second\r\n"});
  router.stop();
  router.wait_until_stopped();
  const std::string log = router.access_log();
  EXPECT_NE(log.find("request_id=first workspace=default service=diabetes version=v1 replica=r1 "
                     "method=POST reason=answered status=200"),
            std::string::npos)
      << log;
  EXPECT_NE(log.find("bytes_in=5 bytes_out=9 peer=127.0.0.1:"), std::string::npos) << log;
  EXPECT_NE(log.find("request_id=second"), std::string::npos) << log;
  EXPECT_NE(log.find("reason=unauthenticated status=401"), std::string::npos) << log;
  EXPECT_EQ(log.find("the-key"), std::string::npos);
  EXPECT_EQ(log.find("wrong"), std::string::npos);
}

TEST_F(OneReplica, TrafficIsSplitByWeight) {
  FakeReplica other("r2");
  other.answer_by([](const SeenRequest&) { return ok("other"); });
  table::Table table = one_service({&replica_});
  table::Version second = only_version(table);
  second.id = "diabetes.2";
  second.name = "v2";
  second.replicas = {{.id = other.id(), .address = other.address()}};
  only_version(table).weight = 0;
  table.services[0].versions.push_back(second);
  Harness router(table);
  for (int i = 0; i < 10; ++i) EXPECT_EQ(ask(router).body, "other");
}

TEST(RouterStart, ADamagedTableIsNoReasonToSay404) {
  FakeReplica replica("r1");
  test::TempDir folder;
  const os::Path path = folder / "table";
  ASSERT_TRUE(os::write_file_atomic(path, "garbage").has_value());
  os::RealClock clock;
  os::RealRandom random;
  std::vector<os::UniqueFd> listeners;
  listeners.push_back(http::listen_anywhere());
  const http::Address address = http::address_of(listeners[0]);
  Router router({.table_path = path, .spill_folder = folder.path()}, clock, random,
                std::move(listeners));
  std::thread thread([&router] { EXPECT_TRUE(router.run().has_value()); });
  http::RawSocket socket = http::RawSocket::connect_to(address);
  EXPECT_EQ(ask(socket).reason(), "no_table");
  router.stop();
  thread.join();
}

TEST(RouterStart, AnAccessLogThatCannotBeWrittenIsAnError) {
  os::RealClock clock;
  os::RealRandom random;
  Router router({.access_log = "/nonexistent/access.log"}, clock, random, {});
  EXPECT_FALSE(router.run().has_value());
}

TEST(RouterStart, StoppingBeforeRunningReturnsAtOnce) {
  os::RealClock clock;
  os::RealRandom random;
  Router router({.table_path = "/nonexistent/table"}, clock, random, {});
  router.stop();
  EXPECT_TRUE(router.run().has_value());
}

}  // namespace
}  // namespace tidegate::router
