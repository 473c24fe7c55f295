#include "kube/live_set.h"

#include <deque>

#include "fetch/curl_client.h"
#include "os/real_clock.h"
#include "unit/kube/api_server.h"

namespace tidegate::kube {
namespace {

std::string pod(const std::string& name, int version) {
  return fmt::format(R"({{"metadata":{{"name":"{}","resourceVersion":"{}"}}}})", name, version);
}

std::string list_of(const std::string& items, int version) {
  return fmt::format(R"({{"metadata":{{"resourceVersion":"{}"}},"items":[{}]}})", version, items);
}

std::string names_of(const LiveSet& set) {
  auto objects = set.snapshot();
  if (!objects) return "nothing yet";
  std::string names;
  for (const auto& [name, object] : *objects) {
    names += fmt::format("{}:{} ", name, text_or(object.at("metadata"), "resourceVersion", ""));
  }
  return names;
}

class LiveSetTest : public testing::Test {
 protected:
  // Lists and watches are answered from two scripts; when a script is at its end its last answer is
  // given again.
  ApiServer::Handler scripted() {
    return [this](const Asked& asked, ApiServer::Wire& wire) {
      auto& script = asked.is_watch() ? watches : lists;
      ApiServer::Handler handler;
      {
        std::lock_guard lock(mutex);
        handler = script.front();
        if (script.size() > 1) script.pop_front();
      }
      handler(asked, wire);
    };
  }
  static ApiServer::Handler lists_as(std::string body) {
    return
        [body = std::move(body)](const Asked&, ApiServer::Wire& wire) { wire.answer(200, body); };
  }
  static ApiServer::Handler watches_as(std::string events) {
    return [events = std::move(events)](const Asked&, ApiServer::Wire& wire) {
      wire.begin_stream();
      if (!events.empty()) wire.piece(events);
      wire.hold();
    };
  }
  std::unique_ptr<LiveSet> make_set(const ApiServer& server) {
    client = make_client({.server = server.url()}, http);
    return std::make_unique<LiveSet>(*client, kPod, Where{.namespace_ = "n"}, clock,
                                     [this] { ++changes; });
  }

  os::RealClock clock;
  fetch::CurlClient http;
  std::unique_ptr<Client> client;
  std::atomic<int> changes{0};
  std::mutex mutex;
  std::deque<ApiServer::Handler> lists;
  std::deque<ApiServer::Handler> watches;
};

TEST_F(LiveSetTest, NothingIsKnownUntilTheFirstListAndTheReasonIsSaid) {
  lists = {[](const Asked&, ApiServer::Wire& wire) {
    wire.answer(403, status_object(403, "pods is forbidden"));
  }};
  ApiServer server(scripted());
  auto set = make_set(server);
  ASSERT_TRUE(eventually([&] { return !set->health().error.empty(); }));
  EXPECT_EQ(set->health().error, "pods is forbidden");
  EXPECT_FALSE(set->health().is_connected);
  EXPECT_EQ(set->snapshot(), nullptr);
  EXPECT_EQ(changes, 0);
}

TEST_F(LiveSetTest, FollowsEachChange) {
  lists = {lists_as(list_of(pod("a", 1) + "," + pod("b", 2), 5))};
  watches = {watches_as(event("ADDED", "c", 6) + event("MODIFIED", "a", 7) +
                        event("DELETED", "b", 8) + event("BOOKMARK", "", 9))};
  ApiServer server(scripted());
  auto set = make_set(server);
  EXPECT_TRUE(eventually([&] { return names_of(*set) == "a:7 c:6 "; })) << names_of(*set);
  EXPECT_TRUE(eventually([&] { return changes == 4; }));
  EXPECT_TRUE(set->health().is_connected);
}

TEST_F(LiveSetTest, ASnapshotDoesNotChangeUnderItsReader) {
  lists = {lists_as(list_of(pod("a", 1), 5))};
  watches = {[](const Asked&, ApiServer::Wire& wire) {
    wire.begin_stream();
    wire.hold();
    wire.piece(event("DELETED", "a", 8));
    wire.end_stream();
  }};
  ApiServer server(scripted());
  auto set = make_set(server);
  ASSERT_TRUE(eventually([&] { return names_of(*set) == "a:1 "; }));
  auto before = set->snapshot();
  server.let_go();
  ASSERT_TRUE(eventually([&] { return names_of(*set).empty(); }));
  EXPECT_EQ(before->size(), 1U);
}

TEST_F(LiveSetTest, AWatchThatEndsIsGoneOnWithFromTheNewestVersion) {
  lists = {lists_as(list_of(pod("a", 1), 5))};
  watches = {[](const Asked&, ApiServer::Wire& wire) {
               wire.begin_stream();
               wire.piece(event("BOOKMARK", "", 77) + event("ADDED", "x", 78).substr(0, 20));
               wire.end_stream();
             },
             watches_as(event("ADDED", "b", 80))};
  ApiServer server(scripted());
  auto set = make_set(server);
  EXPECT_TRUE(eventually([&] { return names_of(*set) == "a:1 b:80 "; })) << names_of(*set);
  EXPECT_EQ(server.asked().size(), 3U);
  EXPECT_TRUE(server.last().has("resourceVersion=77")) << server.last().target;
}

TEST_F(LiveSetTest, AVersionThatIsTooOldMeansANewList) {
  lists = {lists_as(list_of(pod("a", 1) + "," + pod("b", 2), 5)),
           lists_as(list_of(pod("c", 9), 9))};
  watches = {watches_as(R"({"type":"ERROR","object":)" + status_object(410, "too old") + "}\n"),
             watches_as("")};
  ApiServer server(scripted());
  auto set = make_set(server);
  EXPECT_TRUE(eventually([&] { return names_of(*set) == "c:9 "; })) << names_of(*set);
  EXPECT_EQ(set->health().error, "");
}

TEST_F(LiveSetTest, WhileTheServerIsAwayTheLastStateStays) {
  lists = {lists_as(list_of(pod("a", 1), 5))};
  watches = {watches_as("")};
  auto server = std::make_unique<ApiServer>(scripted());
  auto set = make_set(*server);
  ASSERT_TRUE(eventually([&] { return set->health().is_connected; }));
  MonoTime connected = set->health().since;
  int port = server->port();
  server.reset();
  ASSERT_TRUE(eventually([&] {
    return set->health().error == fmt::format("nothing listens at http://127.0.0.1:{}", port);
  })) << set->health().error;
  EXPECT_FALSE(set->health().is_connected);
  EXPECT_GT(set->health().since, connected);
  EXPECT_EQ(names_of(*set), "a:1 ");

  lists = {lists_as(list_of(pod("b", 8), 9))};
  ApiServer again(scripted(), port);
  EXPECT_TRUE(eventually([&] { return names_of(*set) == "b:8 "; })) << set->health().error;
  EXPECT_TRUE(set->health().is_connected);
}

TEST_F(LiveSetTest, TheSameListAgainIsNoChange) {
  lists = {lists_as(list_of(pod("a", 1), 5))};
  watches = {[](const Asked&, ApiServer::Wire& wire) {
               wire.begin_stream();
               wire.cut();
             },
             watches_as("")};
  ApiServer server(scripted());
  auto set = make_set(server);
  ASSERT_TRUE(eventually([&] { return server.asked().size() >= 4; }));
  EXPECT_EQ(changes, 1);
}

TEST_F(LiveSetTest, EndsAlthoughTheServerSaysNothing) {
  lists = {[](const Asked&, ApiServer::Wire& wire) { wire.hold(); }};
  ApiServer server(scripted());
  auto set = make_set(server);
  ASSERT_TRUE(eventually([&] { return server.asked().size() == 1; }));
  MonoTime before = clock.mono();
  set.reset();
  EXPECT_LT(clock.mono() - before, std::chrono::seconds(5));
}

}  // namespace
}  // namespace tidegate::kube
