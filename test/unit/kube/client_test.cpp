#include "kube/client.h"

#include "fetch/curl_client.h"
#include "kube/paths.h"
#include "support/temp_dir.h"
#include "unit/kube/api_server.h"

namespace tidegate::kube {
namespace {

const Where kWeb{.namespace_ = "n", .name = "web"};

// A client of a server whose answers the test sets.
class ClientTest : public testing::Test {
 protected:
  Config config() { return {.server = server.url(), .token = Secret("t0"), .user = "me"}; }
  void answers(int status_, std::string body_) {
    std::lock_guard lock(mutex);
    status = status_;
    body = std::move(body_);
  }

  std::mutex mutex;
  int status = 200;
  std::string body = "{}";
  ApiServer server{[this](const Asked&, ApiServer::Wire& wire) {
    std::lock_guard lock(mutex);
    wire.answer(status, body);
  }};
  fetch::CurlClient http;
  std::unique_ptr<Client> client = make_client(config(), http);
};

TEST_F(ClientTest, ARefusalKeepsTheServersSentence) {
  std::string sentence =
      "pods is forbidden: User 'u' cannot list resource 'pods' in API group '' in the namespace "
      "'n'";
  answers(403, status_object(403, sentence));
  auto listed = client->list(kPod, {.namespace_ = "n"});
  ASSERT_FALSE(listed.has_value());
  EXPECT_EQ(listed.error().code, Code::forbidden);
  EXPECT_EQ(listed.error().message, sentence);

  answers(404, status_object(404, "deployments.apps 'web' not found"));
  EXPECT_EQ(client->get(kDeployment, kWeb).error().code, Code::not_found);
  answers(409, status_object(409, "the object has been modified"));
  EXPECT_EQ(client->patch(kDeployment, kWeb, Json::object()).error().code, Code::conflict);
  answers(422, status_object(422, "Deployment.apps 'web' is invalid: spec.replicas: -1"));
  auto scaled = client->scale(kDeployment, kWeb, -1);
  EXPECT_EQ(scaled.error().code, Code::invalid);
  EXPECT_EQ(scaled.error().message, "Deployment.apps 'web' is invalid: spec.replicas: -1");
  answers(401, status_object(401, "Unauthorized"));
  auto version = client->server_version();
  EXPECT_EQ(version.error().code, Code::unauthenticated);
  EXPECT_EQ(version.error().message, "GET " + server.url() + "/version: Unauthorized");
}

TEST_F(ClientTest, AServerThatIsAwayIsNamed) {
  int port = 0;
  {
    ApiServer gone([](const Asked&, ApiServer::Wire&) {});
    port = gone.port();
  }
  auto url = fmt::format("http://127.0.0.1:{}", port);
  auto got = make_client({.server = url}, http)->get(kDeployment, kWeb);
  ASSERT_FALSE(got.has_value());
  EXPECT_EQ(got.error().code, Code::unavailable);
  EXPECT_EQ(got.error().message, "nothing listens at " + url);
}

TEST_F(ClientTest, AConnectionThatIsCutIsUnavailable) {
  ApiServer cutting([](const Asked&, ApiServer::Wire& wire) {
    wire.raw("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{\"half\":");
    wire.cut();
  });
  auto got = make_client({.server = cutting.url()}, http)->get(kDeployment, kWeb);
  ASSERT_FALSE(got.has_value());
  EXPECT_EQ(got.error().code, Code::unavailable);
  EXPECT_NE(got.error().message.find(cutting.url()), std::string::npos);
}

TEST_F(ClientTest, WhatIsNoApiServerIsSaidToBeNone) {
  answers(200, "<html>");
  auto got = client->get(kDeployment, kWeb);
  ASSERT_FALSE(got.has_value());
  EXPECT_EQ(got.error().message,
            server.url() + " is no Kubernetes API server: its answer is no JSON object");
}

TEST_F(ClientTest, ACallCanBeCancelled) {
  ApiServer silent([](const Asked&, ApiServer::Wire& wire) { wire.hold(); });
  auto got = make_client({.server = silent.url()}, http)
                 ->list(kPod, {.namespace_ = "n", .is_cancelled = [] { return true; }});
  ASSERT_FALSE(got.has_value());
  EXPECT_EQ(got.error().code, Code::cancelled);
}

TEST_F(ClientTest, AnObjectIsFoundByItsPath) {
  answers(200, R"({"kind":"Deployment","spec":{"replicas":3}})");
  auto got = client->get(kDeployment, kWeb);
  ASSERT_TRUE(got.has_value()) << got.error().message;
  EXPECT_EQ(got->at("spec").at("replicas"), 3);
  EXPECT_EQ(server.last().target, "/apis/apps/v1/namespaces/n/deployments/web");
  EXPECT_NE(server.last().head.find("\r\nAuthorization: Bearer t0\r\n"), std::string::npos);
  EXPECT_NE(server.last().head.find("\r\nAccept: application/json\r\n"), std::string::npos);
}

TEST_F(ClientTest, ATokenFileIsReadForEachCall) {
  test::TempDir dir;
  auto rotated = make_client({.server = server.url(), .token_file = dir / "token"}, http);
  auto got = rotated->get(kDeployment, kWeb);
  ASSERT_FALSE(got.has_value());
  EXPECT_NE(got.error().message.find((dir / "token").string()), std::string::npos);
  for (const char* token : {"one", "two"}) {
    ASSERT_TRUE(os::write_file_atomic(dir / "token", std::string(token) + "\n").has_value());
    ASSERT_TRUE(rotated->get(kDeployment, kWeb).has_value());
    EXPECT_NE(server.last().head.find(fmt::format("\r\nAuthorization: Bearer {}\r\n", token)),
              std::string::npos);
  }
}

TEST_F(ClientTest, ApplyIsServerSideAndForced) {
  Json manifest = {{"apiVersion", "apps/v1"},
                   {"kind", "Deployment"},
                   {"metadata", {{"name", "web"}, {"namespace", "n"}}}};
  answers(201, to_text(manifest));
  ASSERT_TRUE(client->apply(manifest).has_value());
  EXPECT_EQ(server.last().method, "PATCH");
  EXPECT_EQ(server.last().target,
            "/apis/apps/v1/namespaces/n/deployments/web?fieldManager=tidegate&force=true");
  EXPECT_NE(server.last().head.find("\r\nContent-Type: application/apply-patch+yaml\r\n"),
            std::string::npos);
  EXPECT_EQ(server.last().body, to_text(manifest));

  auto unknown = client->apply({{"apiVersion", "v2"}, {"kind", "Deployment"}});
  ASSERT_FALSE(unknown.has_value());
  EXPECT_EQ(unknown.error().code, Code::invalid);
  EXPECT_EQ(client->apply({{"apiVersion", "v1"}, {"kind", "Pod"}}).error().message,
            "a Pod without a name (metadata.name)");
}

TEST_F(ClientTest, PatchAndScaleAreMergePatches) {
  ASSERT_TRUE(client->patch(kSecret, kWeb, {{"data", nullptr}}).has_value());
  EXPECT_EQ(server.last().target, "/api/v1/namespaces/n/secrets/web?fieldManager=tidegate");
  EXPECT_NE(server.last().head.find("\r\nContent-Type: application/merge-patch+json\r\n"),
            std::string::npos);
  EXPECT_EQ(server.last().body, R"({"data":null})");
  ASSERT_TRUE(client->scale(kDeployment, kWeb, 3).has_value());
  EXPECT_EQ(server.last().method, "PATCH");
  EXPECT_EQ(server.last().target,
            "/apis/apps/v1/namespaces/n/deployments/web/scale?fieldManager=tidegate");
  EXPECT_EQ(server.last().body, R"({"spec":{"replicas":3}})");
}

TEST_F(ClientTest, WhatIsGoneAlreadyIsRemoved) {
  answers(404, status_object(404, "deployments.apps 'web' not found"));
  EXPECT_TRUE(client->remove(kDeployment, kWeb).has_value());
  EXPECT_EQ(server.last().method, "DELETE");
  EXPECT_EQ(server.last().target,
            "/apis/apps/v1/namespaces/n/deployments/web?propagationPolicy=Background");
  answers(403, status_object(403, "no"));
  EXPECT_EQ(client->remove(kDeployment, kWeb).error().code, Code::forbidden);
}

TEST_F(ClientTest, PagesOfAListAreFollowed) {
  ApiServer paged([](const Asked& asked, ApiServer::Wire& wire) {
    bool is_second = asked.has("continue=next%2F1");
    wire.answer(200, is_second ? R"({"metadata":{"resourceVersion":"7"},"items":[{"a":2}]})"
                               : R"({"metadata":{"resourceVersion":"7","continue":"next/1"},
                                    "items":[{"a":1}]})");
  });
  auto listed = make_client({.server = paged.url()}, http)
                    ->list(kDeployment, {.namespace_ = "n", .selector = "a=b"});
  ASSERT_TRUE(listed.has_value()) << listed.error().message;
  ASSERT_EQ(listed->items.size(), 2U);
  EXPECT_EQ(listed->items[1], Json({{"a", 2}, {"apiVersion", "apps/v1"}, {"kind", "Deployment"}}));
  EXPECT_EQ(listed->resource_version, "7");
  EXPECT_EQ(paged.last().target,
            "/apis/apps/v1/namespaces/n/deployments?labelSelector=a%3Db&limit=500&"
            "continue=next%2F1");
}

TEST_F(ClientTest, AListWhosePagesExpiredComesInOnePiece) {
  ApiServer expired([](const Asked& asked, ApiServer::Wire& wire) {
    if (asked.has("continue=")) return wire.answer(410, status_object(410, "expired"));
    wire.answer(200, asked.has("limit=")
                         ? R"({"metadata":{"continue":"x"},"items":[{"a":1}]})"
                         : R"({"metadata":{"resourceVersion":"9"},"items":[{"a":1},{"a":2}]})");
  });
  auto listed = make_client({.server = expired.url()}, http)->list(kPod, {.namespace_ = "n"});
  ASSERT_TRUE(listed.has_value()) << listed.error().message;
  EXPECT_EQ(listed->items.size(), 2U);
  EXPECT_EQ(listed->resource_version, "9");
}

TEST_F(ClientTest, PagesWithoutEndHaveALimit) {
  answers(200, R"({"metadata":{"continue":"again"},"items":[]})");
  auto listed = client->list(kPod, {.namespace_ = "n"});
  ASSERT_FALSE(listed.has_value());
  EXPECT_EQ(listed.error().code, Code::exhausted);
}

TEST_F(ClientTest, APodsLogIsText) {
  answers(200, "line 1\nline 2\n");
  auto log = client->pod_log({.namespace_ = "n", .name = "p"}, "main", 100, true);
  ASSERT_TRUE(log.has_value()) << log.error().message;
  EXPECT_EQ(*log, "line 1\nline 2\n");
  EXPECT_EQ(server.last().target,
            "/api/v1/namespaces/n/pods/p/log?container=main&tailLines=100&previous=true&"
            "limitBytes=16777216");
}

TEST_F(ClientTest, PermissionsAreAskedFor) {
  answers(201, R"({"status":{"allowed":true}})");
  Access access{.verb = "get", .resource = "pods", .subresource = "log", .namespace_ = "n"};
  EXPECT_EQ(client->may(access).value(), true);
  EXPECT_EQ(server.last().method, "POST");
  EXPECT_EQ(server.last().target, "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews");
  EXPECT_EQ(parse_json(server.last().body, "body")->at("spec").at("resourceAttributes"),
            Json({{"verb", "get"},
                  {"group", ""},
                  {"resource", "pods"},
                  {"subresource", "log"},
                  {"namespace", "n"}}));
  answers(201, R"({"status":{"allowed":false,"reason":"no"}})");
  EXPECT_EQ(client->may(access).value(), false);
}

TEST_F(ClientTest, APodsPortIsReachedThroughTheServer) {
  Where pod{.namespace_ = "n", .name = "p"};
  answers(404, "no such page");
  auto page = client->proxy_get(pod, 8082, "/a/b", {{"x-tidegate-link-token", "l"}});
  ASSERT_TRUE(page.has_value()) << page.error().message;
  EXPECT_EQ(page->status, 404);
  EXPECT_EQ(page->body, "no such page");
  EXPECT_EQ(server.last().target, "/api/v1/namespaces/n/pods/p:8082/proxy/a/b");
  EXPECT_NE(server.last().head.find("\r\nx-tidegate-link-token: l\r\n"), std::string::npos);
  answers(503, status_object(503, "error trying to reach service"));
  auto away = client->proxy_get(pod, 8082, "/a/b", {});
  ASSERT_FALSE(away.has_value());
  EXPECT_EQ(away.error().code, Code::unavailable);
}

TEST_F(ClientTest, TheServersVersionIsItsGitVersion) {
  answers(200, R"({"major":"1","minor":"34","gitVersion":"v1.34.4"})");
  EXPECT_EQ(client->server_version().value(), "v1.34.4");
}

}  // namespace
}  // namespace tidegate::kube
