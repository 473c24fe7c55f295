// table::kRouterPage and /readyz.
#include <thread>

#include <gtest/gtest.h>

#include "base/json.h"
#include "unit/router/harness.h"

namespace tidegate::router {
namespace {

using namespace std::chrono_literals;

Request page_with(std::string headers) {
  return {
      .method = "GET", .path = "/tidegate/v1/router", .headers = std::move(headers), .body = ""};
}

Json page_of(const Harness& router) {
  const Answer answer = ask(router, page_with("x-tidegate-link-token: t0ken\r\n"));
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(answer.header("Content-Type"), "application/json");
  return parse_json(answer.body, "page").value();
}

// Waits until the page has this member; false: never.
bool page_comes_to(const Harness& router, std::string_view name, const Json& value) {
  const auto until = std::chrono::steady_clock::now() + 5s;
  do {
    if (page_of(router).at(std::string(name)) == value) return true;
    std::this_thread::sleep_for(2ms);
  } while (std::chrono::steady_clock::now() < until);
  ADD_FAILURE() << name << " is not " << to_text(value) << " in " << to_text(page_of(router));
  return false;
}

int readiness(const Harness& router) {
  return ask(router, {.method = "GET", .path = "/readyz", .headers = "", .body = ""}).status;
}

class RouterPages : public ::testing::Test {
 protected:
  RouterPages() : table_(one_service({&replica_})) {}

  FakeReplica replica_{"r1"};
  table::Table table_;
};

TEST_F(RouterPages, WithoutTheTokenItIsAnUnknownPath) {
  Harness router(table_, {.link_token = "t0ken"});
  for (std::string_view headers :
       {"", "x-tidegate-link-token: \r\n", "x-tidegate-link-token: t0ke\r\n",
        "x-tidegate-link-token: t0kens\r\n", "Authorization: Bearer t0ken\r\n"}) {
    const Answer answer = ask(router, page_with(std::string(headers)));
    EXPECT_EQ(answer.status, 404) << headers;
    EXPECT_EQ(answer.reason(), "no_route");
  }
}

TEST_F(RouterPages, ARouterWithoutATokenHasNoPage) {
  Harness router(table_);
  EXPECT_EQ(ask(router, page_with("x-tidegate-link-token: \r\n")).status, 404);
  EXPECT_EQ(ask(router, page_with("")).status, 404);
}

TEST_F(RouterPages, SaysWhichTableAllCoresUse) {
  Harness router(table_, {.cores = 2, .link_token = "t0ken"});
  const Json page = page_of(router);
  EXPECT_EQ(page.at("tableVersion"), 1);
  EXPECT_EQ(page.at("routerId").get<std::string>().size(), 16U);
  EXPECT_EQ(page.at("busy"), Json::array());
  EXPECT_EQ(page_of(router).at("routerId"), page.at("routerId"));
  table_.version = 5;
  router.set_table(table_);
  EXPECT_TRUE(page_comes_to(router, "tableVersion", 5));
}

TEST_F(RouterPages, AVersionIsBusyUntilItsLastRequestIsAnsweredAlsoAfterItLeftTheTable) {
  Harness router(table_, {.cores = 2, .link_token = "t0ken"});
  http::RawSocket socket = router.connect();
  socket.send(text_of({}));
  ASSERT_TRUE(replica_.wait_for(0).has_value());
  EXPECT_EQ(page_of(router).at("busy"), Json({"diabetes.1"}));
  table_.version = 2;
  only_version(table_).id = "diabetes.2";
  only_version(table_).replicas.clear();
  router.set_table(table_);
  EXPECT_TRUE(page_comes_to(router, "tableVersion", 2));
  EXPECT_EQ(page_of(router).at("busy"), Json({"diabetes.1"}));
  replica_.answer(0, ok("done"));
  EXPECT_EQ(read_answer(socket).body, "done");
  EXPECT_TRUE(page_comes_to(router, "busy", Json::array()));
}

TEST_F(RouterPages, AVersionWhoseRequestsWaitIsBusy) {
  only_version(table_).replicas.clear();
  only_version(table_).max_queue_wait = 5s;
  Harness router(table_, {.link_token = "t0ken"});
  http::RawSocket socket = router.connect();
  socket.send(text_of({}));
  EXPECT_TRUE(page_comes_to(router, "busy", Json({"diabetes.1"})));
  replica_.answer_by([](const SeenRequest&) { return ok("at last"); });
  router.set_table(one_service({&replica_}));
  EXPECT_EQ(read_answer(socket).body, "at last");
  EXPECT_TRUE(page_comes_to(router, "busy", Json::array()));
}

TEST_F(RouterPages, ARouterIsReadyOnceItHasATable) {
  Harness router(table_, {.reads_table = false});
  EXPECT_EQ(readiness(router), 503);
  EXPECT_EQ(ask(router, {.method = "GET", .path = "/healthz", .headers = "", .body = ""}).status,
            200);
  EXPECT_EQ(ask(router).reason(), "no_table");
  router.set_table(table_);
  const auto until = std::chrono::steady_clock::now() + 5s;
  while (readiness(router) != 200 && std::chrono::steady_clock::now() < until) {
    std::this_thread::sleep_for(2ms);
  }
  EXPECT_EQ(readiness(router), 200);
}

TEST_F(RouterPages, ARouterThatLeavesIsNotReadyButServes) {
  replica_.answer_by([](const SeenRequest&) { return ok("served"); });
  Harness router(table_, {.drain_delay = 60s});
  EXPECT_EQ(readiness(router), 200);
  router.stop();
  const auto until = std::chrono::steady_clock::now() + 5s;
  while (readiness(router) != 503 && std::chrono::steady_clock::now() < until) {
    std::this_thread::sleep_for(2ms);
  }
  EXPECT_EQ(readiness(router), 503);
  EXPECT_EQ(ask(router).body, "served");
  router.stop();  // a second word cuts the delay short
  router.wait_until_stopped();
}

TEST_F(RouterPages, TheDelayEnds) {
  Harness router(table_, {.drain_delay = 30ms});
  router.stop();
  router.wait_until_stopped();
}

}  // namespace
}  // namespace tidegate::router
