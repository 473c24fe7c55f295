#include "server_fixture.h"

namespace tidegate::scoring {
namespace {

using RoutesTest = ServerTest;

constexpr std::string_view kGenericNotAllowed =
    R"({"message": "The method is not allowed for the requested URL."})";

constexpr std::string_view kGenericNotFound =
    R"({"message": "The requested URL was not found on the server. If you )";

TEST_F(RoutesTest, IsNotHealthyBeforeInitHasReturned) {
  start();
  Client client = connect();
  auto answer = client.get("/");
  EXPECT_EQ(answer.status, 503);
  EXPECT_EQ(answer.body, R"({"message": "init() has not returned yet"})");
  server_->open({}, {});
  EXPECT_EQ(client.get("/").body, "Healthy");
}

TEST_F(RoutesTest, RefusesToScoreBeforeInitHasReturned) {
  start();
  auto answer = connect().post("/score", "{}");
  EXPECT_EQ(answer.status, 503);
  EXPECT_EQ(answer.header("x-tidegate-not-started"), "1");
  EXPECT_TRUE(worker_.holds_none());
}

TEST_F(RoutesTest, HealthIsPlainTextWithIdsAndWithoutTheFailedHeader) {
  start_and_open();
  auto answer = connect().get("/", "x-request-id: abc\r\n");
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(answer.header("content-type"), "text/html; charset=utf-8");
  EXPECT_EQ(answer.header("x-request-id"), "abc");
  EXPECT_EQ(answer.header("x-ms-server-version"), "tidegate/test");
  EXPECT_EQ(answer.header("x-ms-run-function-failed"), "(none)");
}

TEST_F(RoutesTest, HeadOfHealthHasNoBody) {
  start_and_open();
  Client client = connect();
  EXPECT_EQ(client.call("HEAD", "/").header("content-length"), "7");
  EXPECT_EQ(client.get("/").body, "Healthy");  // the next reply begins where it should
}

TEST_F(RoutesTest, OptionsOfHealthNamesTheMethods) {
  start_and_open();
  auto answer = connect().call("OPTIONS", "/");
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(answer.header("allow"), "HEAD, GET, OPTIONS");
}

TEST_F(RoutesTest, UnknownPathsAndMethodsCarryNoIds) {
  start_and_open();
  struct Row {
    std::string_view method, target;
    int status;
  };
  for (const Row& row : {Row{"GET", "/nope", 404}, Row{"GET", "/score/", 404},
                         Row{"POST", "/", 405}, Row{"PUT", "/score", 405},
                         Row{"DELETE", "/score", 405}, Row{"PATCH", "/swagger.json", 405}}) {
    SCOPED_TRACE(std::string(row.method) + " " + std::string(row.target));
    auto answer = connect().call(row.method, row.target, "x-request-id: abc\r\n");
    EXPECT_EQ(answer.status, row.status);
    EXPECT_TRUE(answer.body.starts_with(row.status == 405 ? kGenericNotAllowed : kGenericNotFound));
    EXPECT_EQ(answer.header("x-request-id"), "(none)");
    EXPECT_EQ(answer.header("x-ms-run-function-failed"), "False");
    EXPECT_EQ(answer.header("content-type"), "application/json");
  }
}

TEST_F(RoutesTest, OptionsOfScoreIsEmptyAndHeadIsNotAllowed) {
  start_and_open();
  auto options = connect().call("OPTIONS", "/score", "x-request-id: abc\r\n");
  EXPECT_EQ(options.status, 200);
  EXPECT_EQ(options.body, "");
  EXPECT_EQ(options.header("content-type"), "text/html; charset=utf-8");
  EXPECT_EQ(options.header("x-request-id"), "abc");
  auto head = connect().call("HEAD", "/score", "x-request-id: abc\r\n");
  EXPECT_EQ(head.status, 405);
  EXPECT_EQ(head.header("x-request-id"), "abc");
}

TEST_F(RoutesTest, RawScriptsGetEveryMethod) {
  start_and_open({.headers = true, .every_method = true});
  Client client = connect();
  client.send("OPTIONS /score?a=b HTTP/1.1\r\nHost: test\r\n\r\n");
  Job& job = worker_.next();
  EXPECT_EQ(job.request.method, "OPTIONS");
  EXPECT_EQ(job.request.target, "/score?a=b");
  server_->finish(job);
  EXPECT_EQ(client.receive().status, 200);
}

TEST_F(RoutesTest, PercentEncodedPathsAreTheSamePath) {
  start_and_open();
  EXPECT_EQ(connect().call("OPTIONS", "/%73core").status, 200);
}

TEST_F(RoutesTest, SwaggerComesByVersion) {
  start_and_open({}, {{"2", "two"}, {"3", "three"}});
  Client client = connect();
  EXPECT_EQ(client.get("/swagger.json").body, "two");
  EXPECT_EQ(client.get("/swagger.json?version=3.0").body, "three");
  EXPECT_EQ(client.get("/swagger.json?version=9").body,
            R"({"message": "Swagger version [9] is not valid. Supported versions: [2, 3]."})");
  auto missing = client.get("/swagger.json?version=3.1", "x-request-id: abc\r\n");
  EXPECT_EQ(missing.status, 404);
  EXPECT_EQ(missing.body,
            R"({"message": "Swagger version [3.1] is not supported for the scoring script. )"
            R"(Supported swagger versions: [2, 3]."})");
  EXPECT_EQ(missing.header("x-request-id"), "abc");
  EXPECT_EQ(missing.header("x-ms-run-function-failed"), "False");
}

TEST_F(RoutesTest, WithoutDocumentsSwaggerIsNotFound) {
  start_and_open();
  EXPECT_EQ(connect().get("/swagger.json").status, 404);
}

TEST_F(RoutesTest, AnswersOnTheUnixSocketToo) {
  start_and_open();
  Client client(server_->addresses()[1]);
  EXPECT_EQ(client.get("/").body, "Healthy");
}

TEST_F(RoutesTest, GarbageIsABadRequestInJson) {
  start_and_open();
  Client client = connect();
  client.send("\x16\x03\x01 this is no HTTP\r\n\r\n");
  auto answer = client.receive();
  EXPECT_EQ(answer.status, 400);
  EXPECT_TRUE(answer.body.starts_with(R"({"message": ")")) << answer.body;
}

TEST_F(RoutesTest, StartFailsOnATakenPort) {
  start_and_open();
  ServerOptions second = options_;
  second.addresses = {server_->addresses()[0]};
  Server other(second, worker_, clock_, random_);
  EXPECT_FALSE(other.start());
}

}  // namespace
}  // namespace tidegate::scoring
