// Client::watch against a server.
#include "fetch/curl_client.h"
#include "kube/client.h"
#include "unit/kube/api_server.h"

namespace tidegate::kube {
namespace {

class WatchTest : public testing::Test {
 protected:
  // Watches a server with this handler to the end; what came is in `seen`.
  Result<> watch(const ApiServer::Handler& handler) {
    server = std::make_unique<ApiServer>(handler);
    return make_client({.server = server->url()}, http)
        ->watch(
            kPod, {.namespace_ = "n", .selector = "a=b"}, "5",
            [this](std::string_view type, const Json& object) {
              seen += fmt::format("{} {};", type, text_or(object.at("metadata"), "name", "-"));
            },
            [this] { return is_cancelled.load(); });
  }

  fetch::CurlClient http;
  std::unique_ptr<ApiServer> server;
  std::string seen;
  std::atomic<bool> is_cancelled{false};
};

TEST_F(WatchTest, AVersionThatIsTooOldIsAConflict) {
  auto refused = watch([](const Asked&, ApiServer::Wire& wire) {
    wire.answer(410, status_object(410, "too old resource version"));
  });
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().code, Code::conflict);
  auto ended = watch([](const Asked&, ApiServer::Wire& wire) {
    wire.begin_stream();
    wire.piece(event("ADDED", "a", 6));
    wire.piece(R"({"type":"ERROR","object":)" + status_object(410, "too old") + "}\n");
    wire.hold();
  });
  ASSERT_FALSE(ended.has_value());
  EXPECT_EQ(ended.error().code, Code::conflict);
  EXPECT_EQ(ended.error().message, "too old");
  EXPECT_EQ(seen, "ADDED a;");
}

TEST_F(WatchTest, ARefusedWatchSaysWhy) {
  auto refused = watch([](const Asked&, ApiServer::Wire& wire) {
    wire.answer(403, status_object(403, "pods is forbidden: cannot watch"));
  });
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().code, Code::forbidden);
  EXPECT_EQ(refused.error().message, "pods is forbidden: cannot watch");
}

TEST_F(WatchTest, AConnectionThatIsCutInHalfALineIsUnavailable) {
  auto cut = watch([](const Asked&, ApiServer::Wire& wire) {
    wire.begin_stream();
    wire.piece(event("ADDED", "a", 6));
    wire.piece(event("MODIFIED", "a", 7).substr(0, 20));
    wire.cut();
  });
  ASSERT_FALSE(cut.has_value());
  EXPECT_EQ(cut.error().code, Code::unavailable);
  EXPECT_EQ(seen, "ADDED a;");
}

TEST_F(WatchTest, EventsComeUntilTheServerEndsTheStream) {
  auto done = watch([](const Asked&, ApiServer::Wire& wire) {
    std::string line = event("MODIFIED", "a", 7);
    wire.begin_stream();
    wire.piece(event("ADDED", "a", 6) + line.substr(0, 9));
    wire.piece(line.substr(9));
    wire.piece(event("BOOKMARK", "", 9));
    wire.end_stream();
  });
  ASSERT_TRUE(done.has_value()) << done.error().message;
  EXPECT_EQ(seen, "ADDED a;MODIFIED a;BOOKMARK ;");
  EXPECT_EQ(server->last().target,
            "/api/v1/namespaces/n/pods?labelSelector=a%3Db&watch=true&allowWatchBookmarks=true&"
            "timeoutSeconds=240&resourceVersion=5");
}

TEST_F(WatchTest, ASilentWatchCanBeCancelled) {
  auto done = watch([this](const Asked&, ApiServer::Wire& wire) {
    wire.begin_stream();
    is_cancelled = true;
    wire.hold();
  });
  EXPECT_TRUE(done.has_value()) << done.error().message;
}

}  // namespace
}  // namespace tidegate::kube
