#include <gtest/gtest.h>

#include "unit/cli/project.h"

namespace tidegate::cli {
namespace {

TEST(ServiceShow, PrintsTheShortFormOrTheWhole) {
  Session session;
  session.server.on("GET services/svc?expand=true", 200, kHealthy);
  EXPECT_EQ(session.run("service show -n svc"), 0);
  EXPECT_EQ(session.result()["tags"], kHealthy["kvTags"]);
  EXPECT_EQ(session.run("service show -n svc -v"), 0);
  EXPECT_EQ(session.result(), kHealthy);
  EXPECT_EQ(session.run("service show -n svc -o none"), 0);
  EXPECT_EQ(session.out, "");
}

TEST(ServiceList, FiltersAreAskedOfTheServer) {
  Session session;
  session.server.on("GET services", 200, Json{{"value", {kHealthy}}});
  EXPECT_EQ(session.run("service list -c AKS --model-name m --model-id m:1 --tag a=b --property c"),
            0);
  EXPECT_EQ(
      session.server.calls()[0],
      "GET services?expand=true&computeType=AKS&modelName=m&modelId=m%3A1&tags=a%3Db&properties=c");
  EXPECT_EQ(session.result()[0]["name"], "svc");
  EXPECT_EQ(session.run("service list -o table"), 0);
  EXPECT_EQ(session.out,
            "Name  UpdatedAt  State    ScoringUri\n"
            "----  ---------  -------  -------------------------------------------\n"
            "svc              Healthy  http://127.0.0.1:1/api/v1/service/svc/score\n");
}

class RunTest : public testing::Test {
 protected:
  RunTest() {
    session.server.on("GET services/svc", 200, kHealthy);
    session.server.on("POST services/svc/listkeys", 200,
                      Json{{"primaryKey", "k1"}, {"secondaryKey", "k2"}});
  }
  void answer(int status, const std::string& body) {
    session.server.on("POST http://127.0.0.1:1/", [=](const fetch::Request&) {
      return fetch::Response{.status = status, .body = body};
    });
  }
  Session session;
};

TEST_F(RunTest, SendsTheBodyWithAKeyAndPrintsTheReplyAsItCame) {
  answer(200, "[205.12345678901234, 18446744073709551616]");
  EXPECT_EQ(session.run({"service", "run", "-n", "svc", "-d", "{\"data\": [[1]]}"}), 0)
      << session.err;
  EXPECT_EQ(session.out, "[205.12345678901234, 18446744073709551616]\n");
  const fetch::Request& request = session.server.requests.back();
  EXPECT_EQ(request.url, "http://127.0.0.1:1/api/v1/service/svc/score");
  EXPECT_EQ(request.body, "{\"data\": [[1]]}");
  EXPECT_TRUE(request.unix_socket.empty());
  EXPECT_EQ(request.headers,
            (fetch::Headers{{"Content-Type", "application/json"}, {"Authorization", "Bearer k1"}}));
}

TEST_F(RunTest, WithoutAuthNoKeyIsAskedFor) {
  Json open = kHealthy;
  open["authEnabled"] = false;
  session.server.on("GET services/svc", 200, open);
  answer(200, "1");
  EXPECT_EQ(session.run("service run -n svc -d 1"), 0);
  EXPECT_EQ(session.server.calls(),
            (std::vector<std::string>{"GET services/svc?expand=true",
                                      "POST http://127.0.0.1:1/api/v1/service/svc/score"}));
}

TEST_F(RunTest, TheBodyMayComeFromAFile) {
  session.write("request.json", "{\"from\": \"file\"}");
  answer(200, "1");
  EXPECT_EQ(session.run("service run -n svc -d @request.json"), 0);
  EXPECT_EQ(session.server.requests.back().body, "{\"from\": \"file\"}");
  EXPECT_EQ(session.run("service run -n svc -d @nowhere.json"), 1);
  EXPECT_EQ(session.said(),
            "ERROR: -d/--input-data: nowhere.json is not there: looked for WORK/nowhere.json\n");
  EXPECT_TRUE(session.server.requests.empty());
}

struct Refusal {
  int status;
  const char* body;
  const char* said;
};

TEST_F(RunTest, RefusalsAreToldWithTheirReason) {
  for (
      const Refusal& c : {
          Refusal{
              503,
              R"({"code":503,"reason":"queue_full","message":"no free replica within 500 ms","requestId":"r"})",
              "ERROR: the service answered 503 queue_full: no free replica within 500 ms\n"
              "hint: `tidegate service show -n svc` shows the state of its replicas\n"},
          Refusal{
              502, R"({"message":"An unexpected error occurred in scoring script."})",
              "ERROR: the service answered 502: An unexpected error occurred in scoring script.\n"
              "hint: `tidegate service get-logs -n svc` shows the traceback\n"},
          Refusal{413, "too large", "ERROR: the service answered 413: too large\n"},
          Refusal{404, "", "ERROR: the service answered 404: without a body\n"},
          Refusal{418, "[1]", "ERROR: the service answered 418: [1]\n"},
      }) {
    answer(c.status, c.body);
    EXPECT_EQ(session.run("service run -n svc -d 1"), 1);
    EXPECT_EQ(session.err, c.said);
    EXPECT_EQ(session.out, "");
  }
}

constexpr const char* kRunHint =
    "hint: `tidegate service show -n svc` follows its state, `tidegate service get-logs -n svc` "
    "shows what it printed\n";

TEST_F(RunTest, AServiceThatIsComingUpIsSaidToBeWithWhatItWaitsFor) {
  session.server.on("GET services/svc", 200,
                    Json::parse(R"({"name":"svc","state":"Transitioning","operationId":"op",
                                    "scoringUri":"http://127.0.0.1:1/api/v1/service/svc/score"})"));
  session.server.on("GET operations/op", 200,
                    Json::parse(R"({"tidegate":{"waitingFor":"waiting for pods: 0 of 1 ready"}})"));
  answer(503, R"({"reason":"no_replica","message":"No ready replicas for service svc."})");
  EXPECT_EQ(session.run("service run -n svc -d 1"), 1);
  EXPECT_EQ(session.err,
            std::string("ERROR: the service answered 503 no_replica: No ready replicas for service "
                        "svc.\n  svc is Transitioning: waiting for pods: 0 of 1 ready\n") +
                kRunHint);
}

TEST_F(RunTest, AServiceWhoseDeploymentFailedIsNotCalled) {
  session.server.on("GET services/svc", 200, Json::parse(R"({"name":"svc","state":"Failed",
                                    "scoringUri":"http://127.0.0.1:1/api/v1/service/svc/score",
                                    "error":{"message":"init() failed: ValueError: no column"}})"));
  EXPECT_EQ(session.run("service run -n svc -d 1"), 1);
  EXPECT_EQ(session.err,
            std::string("ERROR: svc is Failed: init() failed: ValueError: no column\n") + kRunHint);
}

TEST_F(RunTest, AServiceWhoseRoutersAreAwayIsSaidToBeWithTheCause) {
  session.server.on("GET services/svc", 200,
                    Json::parse(R"({"name":"svc","state":"Unhealthy","authEnabled":false,
                                    "scoringUri":"http://127.0.0.1:1/api/v1/service/svc/score",
                                    "error":{"message":"the routers of myaks are gone"}})"));
  session.server.away = "POST http://127.0.0.1:1/";
  EXPECT_EQ(session.run("service run -n svc -d 1"), 1);
  EXPECT_EQ(session.err, std::string("ERROR: nothing listens\n  svc is Unhealthy: the "
                                     "routers of myaks are gone\n") +
                             kRunHint);
}

TEST_F(RunTest, AServiceWithoutAnAddressIsSaidSo) {
  session.server.on("GET services/svc", 200,
                    Json::parse(R"({"name":"svc","state":"Transitioning","scoringUri":null})"));
  EXPECT_EQ(session.run("service run -n svc -d 1"), 1);
  EXPECT_EQ(session.err, "ERROR: svc has no address yet: its state is Transitioning\n");
}

TEST(ServiceGetKeys, PrintsBoth) {
  Session session;
  session.server.on("POST services/svc/listkeys", 200,
                    Json{{"primaryKey", "k1"}, {"secondaryKey", "k2"}});
  EXPECT_EQ(session.run("service get-keys -n svc"), 0);
  EXPECT_EQ(session.out, "{\n  \"primaryKey\": \"k1\",\n  \"secondaryKey\": \"k2\"\n}\n");
  EXPECT_EQ(session.run("service get-keys -n svc -o tsv"), 0);
  EXPECT_EQ(session.out, "k1\tk2\n");
}

TEST(ServiceGetLogs, PrintsTheTextItself) {
  Session session;
  session.server.on("GET services/svc/logs", 200, Json{{"content", "line 1\nline 2\n"}});
  EXPECT_EQ(session.run("service get-logs -n svc"), 0);
  EXPECT_EQ(session.out, "line 1\nline 2\n");
  EXPECT_EQ(session.server.calls()[0], "GET services/svc/logs?tail=5000&init=false");
  EXPECT_EQ(session.run("service get-logs -n svc --num_lines 7 -i"), 0);
  EXPECT_EQ(session.server.calls()[0], "GET services/svc/logs?tail=7&init=true");
  for (const char* bad : {"-1", "ten", "1e3", "99999999"}) {
    EXPECT_EQ(session.run({"service", "get-logs", "-n", "svc", std::string("--num-lines=") + bad}),
              1);
    EXPECT_EQ(session.err,
              std::string("ERROR: -l/--num-lines: must be a whole number, is \"") + bad + "\"\n");
  }
}

TEST(ServiceGetLogs, AnEmptyLogIsSaidSo) {
  Session session;
  session.server.on("GET services/svc/logs", 200, Json{{"content", ""}});
  EXPECT_EQ(session.run("service get-logs -n svc"), 0);
  EXPECT_EQ(session.out, "");
  EXPECT_EQ(session.err, "note: svc has written nothing yet\n");
}

TEST(ServiceDelete, WaitsForItsEnd) {
  Session session;
  session.server.on("DELETE services/svc", 202, Json(),
                    {{"Operation-Location", "/x/operations/op-1"}});
  session.server.on("GET operations/op-1/log",
                    [](const fetch::Request&) { return fetch::Response{.status = 200}; });
  session.server.on_turns("GET operations/op-1",
                          {Json{{"state", "Running"}}, Json{{"state", "Succeeded"}}});
  EXPECT_EQ(session.run("service delete -n svc"), 0);
  EXPECT_EQ(session.result(), Json::parse(R"({"name":"svc"})"));
  EXPECT_EQ(session.waiter.waits, 1);
}

TEST(ServiceDelete, WhatIsNotThereIsAnError) {
  Session session;
  session.server.on("DELETE services/svc", 204, Json());
  EXPECT_EQ(session.run("service delete -n svc"), 1);
  EXPECT_EQ(session.err, "ERROR: No service with name svc found to delete.\n");
}

}  // namespace
}  // namespace tidegate::cli
