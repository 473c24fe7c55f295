#include "cli/api.h"

#include <gtest/gtest.h>

#include "unit/cli/session.h"

namespace tidegate::cli {
namespace {

struct Case {
  const char* error;
  const char* message;
};

TEST(MessageOf, ReadsEveryShapeOfAnError) {
  for (
      const Case& c : {
          Case{
              R"({"code":"NotFound","message":"there is no service x","details":[{"message":"there is no service x","target":"x"}]})",
              "there is no service x"},
          Case{
              R"({"message":"bad","details":[{"message":"must be 1","target":"a"},{"message":"must be 2"}]})",
              "bad\na: must be 1\nmust be 2"},
          Case{R"({"error":{"message":"inner"}})", "inner"},
          Case{R"({"error":{"message":"inner"},"message":"outer"})", "outer"},
          Case{R"({"message":"","details":[{"message":"only a detail","target":"a"}]})",
               "a: only a detail"},
          Case{R"("text")", "text"},
          Case{R"({})", ""},
          Case{R"({"message":7,"details":"x"})", ""},
      }) {
    EXPECT_EQ(message_of(Json::parse(c.error)), c.message) << c.error;
  }
}

class ApiTest : public testing::Test {
 protected:
  Session session;
  Context context{session.console, session.server, session.clock,   session.random,
                  session.waiter,  session.data(), session.folder()};
  Api api{context};
};

TEST_F(ApiTest, CallsTheSocketOfTheDataFolderWithItsToken) {
  session.server.on("POST models", 200, Json{{"id", "m:1"}});
  auto reply = api.post(management("models"), {{"name", "m"}});
  ASSERT_TRUE(reply.has_value());
  EXPECT_EQ((*reply)["id"], "m:1");
  const fetch::Request& request = session.server.requests[0];
  EXPECT_EQ(request.url, "http://localhost" + management("models"));
  EXPECT_EQ(request.unix_socket, session.data() / "api.sock");
  EXPECT_EQ(request.body, R"({"name":"m"})");
  EXPECT_EQ(request.headers, (fetch::Headers{{"Authorization", "Bearer secret-token"},
                                             {"Content-Type", "application/json"}}));
}

TEST_F(ApiTest, ABadAnswerIsTheServersOwnWords) {
  session.server.on("GET x", 409, Json{{"message", "taken"}});
  auto reply = api.get(management("x"));
  ASSERT_FALSE(reply.has_value());
  EXPECT_EQ(reply.error().code, Code::conflict);
  EXPECT_EQ(reply.error().message, "taken");
}

TEST_F(ApiTest, ABadAnswerThatIsNoJsonIsShown) {
  session.server.on("GET x", [](const fetch::Request&) {
    return fetch::Response{.status = 502, .body = "bad gateway"};
  });
  auto reply = api.get(management("x"));
  ASSERT_FALSE(reply.has_value());
  EXPECT_EQ(reply.error().message,
            "GET " + management("x") + ": the server answered 502 bad gateway");
}

TEST_F(ApiTest, AGoodAnswerThatIsNoJsonIsAnError) {
  session.server.on("GET x", [](const fetch::Request&) {
    return fetch::Response{.status = 200, .body = "<html>"};
  });
  EXPECT_FALSE(api.get(management("x")).has_value());
}

TEST_F(ApiTest, ListsFollowTheirPagesOnTheSameConnection) {
  session.server.on("GET models", 200,
                    Json::parse(R"({"value":[1,2],"nextLink":"https://elsewhere:1/page2?x=y"})"));
  session.server.on("GET /page2?x=y", 200, Json::parse(R"({"value":[3]})"));
  auto all = api.list(management("models"));
  ASSERT_TRUE(all.has_value()) << all.error().message;
  EXPECT_EQ(*all, Json::parse("[1,2,3]"));
  EXPECT_EQ(session.server.requests[1].unix_socket, session.data() / "api.sock");
}

TEST_F(ApiTest, AListThatNeverEndsIsEnded) {
  session.server.on("GET models", 200, Json{{"value", {1}}, {"nextLink", management("models")}});
  auto all = api.list(management("models"));
  ASSERT_TRUE(all.has_value());
  EXPECT_EQ(all->size(), 10'000U);
}

}  // namespace
}  // namespace tidegate::cli
