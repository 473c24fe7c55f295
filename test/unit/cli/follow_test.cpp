#include "cli/follow.h"

#include <gtest/gtest.h>

#include "unit/cli/session.h"

namespace tidegate::cli {
namespace {

class FollowTest : public testing::Test {
 protected:
  Result<Json> follow_it(std::vector<domain::Complaint> said = {}) {
    Context context{session.console, session.server, session.clock,   session.random,
                    session.waiter,  session.data(), session.folder()};
    Api api(context);
    return follow(api, context, "op-1",
                  {.what = "the deployment of svc",
                   .said = std::move(said),
                   .how_to_go_on = "tidegate service show -n svc"});
  }
  // The log file as it stands; the server gives what is behind the offset.
  void serve_log() {
    session.server.on("GET operations/op-1/log", [this](const fetch::Request& request) {
      std::size_t offset = std::stoul(request.url.substr(request.url.find("offset=") + 7));
      return fetch::Response{.status = 200, .body = offset < log.size() ? log.substr(offset) : ""};
    });
  }
  Json running(const char* waiting_for) {
    return Json{{"state", "Running"}, {"tidegate", {{"waitingFor", waiting_for}}}};
  }

  Session session;
  std::string log;
};

TEST_F(FollowTest, ShowsEachLineOfTheLogOnceAndWhatItWaitsFor) {
  serve_log();
  log = "20261124102956|Use the existing environment.\n20261124102957|Sta";
  session.server.on_turns("GET operations/op-1",
                          {running("the environment"), running("init() of 1 replica"),
                           running("init() of 1 replica"), Json{{"state", "Succeeded"}}});
  session.waiter.on_wait = [&] {
    if (session.waiter.waits == 0) log += "rting replica 1.\n";
    if (session.waiter.waits == 1)
      log += "20261124102958|WARNING: python 3.6 is not here\nno time in this one\n";
  };
  auto result = follow_it();
  ASSERT_TRUE(result.has_value()) << result.error().message;
  EXPECT_EQ(session.err,
            "Use the existing environment.\n"
            "the environment\n"
            "Starting replica 1.\n"
            "init() of 1 replica\n"
            "warning: python 3.6 is not here\n"
            "no time in this one\n");
}

TEST_F(FollowTest, TheLastLinesAreShownAlthoughTheOperationIsOver) {
  serve_log();
  session.server.on("GET operations/op-1", [this](const fetch::Request&) {
    log += "20261124102958|The service is Healthy.\n";
    return fetch::Response{.status = 200, .body = R"({"state":"Succeeded"})"};
  });
  EXPECT_TRUE(follow_it().has_value());
  EXPECT_EQ(session.err, "The service is Healthy.\n");
}

TEST_F(FollowTest, AWarningIsShownOnceHoweverItComes) {
  serve_log();
  log = "20261124102958|WARNING: a.b: odd\n20261124102958|WARNING: c: odder\n";
  Json operation = running("x");
  operation["tidegate"]["warnings"] = {"a.b: odd", "c: odder", "oddest"};
  session.server.on_turns("GET operations/op-1",
                          {operation, operation, Json{{"state", "Succeeded"}}});
  EXPECT_TRUE(follow_it({{.where = "file.json: b", .what = "odd"}}).has_value());
  EXPECT_EQ(session.err, "warning: c: odder\nwarning: oddest\nx\n");
}

TEST_F(FollowTest, SecondsThatTheServerCountsMakeNoNewLine) {
  serve_log();
  session.server.on_turns(
      "GET operations/op-1",
      {running("init() of replica r (0 s)"), running("init() of replica r (1 s)"),
       running("a disk (large)"), running("2 replicas (of 3 s)"), Json{{"state", "Succeeded"}}});
  EXPECT_TRUE(follow_it().has_value());
  EXPECT_EQ(session.err, "init() of replica r\na disk (large)\n2 replicas (of 3 s)\n");
}

TEST_F(FollowTest, TheErrorIsToldByWhoeverFollowsNotByTheLog) {
  serve_log();
  log = "20261124102958|ERROR: init() failed\n20261124102958|Operation failed.\n";
  session.server.on("GET operations/op-1", 200,
                    Json::parse(R"({"state":"Failed","error":{"message":"init() failed"}})"));
  EXPECT_EQ(follow_it().error().message, "init() failed");
  EXPECT_EQ(session.err, "Operation failed.\n");
}

TEST_F(FollowTest, AServerThatRestartsIsWaitedFor) {
  serve_log();
  session.server.on("GET operations/op-1", 200, Json{{"state", "Succeeded"}});
  session.server.down = true;
  session.waiter.on_wait = [&] { session.server.down = session.waiter.waits < 20; };
  EXPECT_TRUE(follow_it().has_value());
  EXPECT_EQ(session.err, "waiting for the server to answer again\n");
}

TEST_F(FollowTest, AServerThatStaysAwayIsAnErrorAfterHalfAMinute) {
  session.server.down = true;
  MonoTime begin = session.clock.mono();
  auto result = follow_it();
  ASSERT_FALSE(result.has_value());
  EXPECT_EQ(result.error().code, Code::unavailable);
  auto waited = session.clock.mono() - begin;
  EXPECT_GE(waited, std::chrono::seconds(30));
  EXPECT_LT(waited, std::chrono::seconds(32));
}

TEST_F(FollowTest, AnOperationThatTheServerDoesNotKnowIsAnErrorAtOnce) {
  session.server.on("GET operations/op-1", 404, Json{{"message", "there is no operation op-1"}});
  auto result = follow_it();
  ASSERT_FALSE(result.has_value());
  EXPECT_EQ(result.error().message, "there is no operation op-1");
  EXPECT_EQ(session.waiter.waits, 0);
}

TEST_F(FollowTest, ALogThatCannotBeHadDoesNotEndTheWait) {
  session.server.on("GET operations/op-1/log", 500, Json{{"message", "disk"}});
  session.server.on_turns("GET operations/op-1", {running("x"), Json{{"state", "Succeeded"}}});
  EXPECT_TRUE(follow_it().has_value());
}

TEST_F(FollowTest, CtrlCWithinACallIsLikeCtrlCBetweenTwo) {
  session.server.cancelled = true;
  auto result = follow_it();
  ASSERT_FALSE(result.has_value());
  EXPECT_EQ(result.error().code, Code::cancelled);
  EXPECT_EQ(result.error().message,
            "stopped waiting; the deployment of svc goes on\nhint: follow it with `tidegate "
            "service show -n svc`");
}

TEST_F(FollowTest, EveryEndButSuccessIsAnError) {
  serve_log();
  for (const char* state : {"Failed", "Cancelled", "TimedOut"}) {
    session.server.on("GET operations/op-1", 200, Json{{"state", state}});
    auto result = follow_it();
    ASSERT_FALSE(result.has_value());
    EXPECT_EQ(result.error().message, std::string("the deployment of svc ended as ") + state);
  }
}

TEST_F(FollowTest, ItLooksLessOftenTheLongerItTakes) {
  serve_log();
  session.server.on("GET operations/op-1", 200, running("x"));
  session.waiter.patience = 200;
  MonoTime begin = session.clock.mono();
  EXPECT_EQ(follow_it().error().code, Code::cancelled);
  auto waited = session.clock.mono() - begin;
  EXPECT_GT(waited, std::chrono::seconds(90));
}

TEST(OperationOf, ReadsHeaderElseBody) {
  EXPECT_EQ(operation_of({.headers = {{"Operation-Location", "http://h/x/operations/abc?sig=1"}}}),
            "abc");
  EXPECT_EQ(operation_of({.body = R"({"operationId":"def"})"}), "def");
  EXPECT_EQ(operation_of({.body = "{}"}), "");
  EXPECT_EQ(operation_of({.body = ""}), "");
}

}  // namespace
}  // namespace tidegate::cli
