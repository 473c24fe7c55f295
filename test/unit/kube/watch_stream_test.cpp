#include "kube/watch_stream.h"

#include "unit/kube/api_server.h"

namespace tidegate::kube {
namespace {

class WatchStreamTest : public testing::Test {
 protected:
  std::string seen;
  Client::OnEvent on_event = [this](std::string_view type, const Json& object) {
    seen += fmt::format("{} {};", type, text_or(object.at("metadata"), "name", "-"));
  };
};

TEST_F(WatchStreamTest, AnErrorEventEndsTheWatchWithItsCode) {
  WatchStream stream(on_event);
  auto old = stream.receive(event("ADDED", "a", 1) + R"({"type":"ERROR","object":)" +
                            status_object(410, "too old resource version: 1 (5)") + "}\n");
  ASSERT_FALSE(old.has_value());
  EXPECT_EQ(old.error().code, Code::conflict);
  EXPECT_EQ(old.error().message, "too old resource version: 1 (5)");
  EXPECT_EQ(seen, "ADDED a;");
  auto broken = WatchStream(on_event).receive(R"({"type":"ERROR","object":)" +
                                              status_object(500, "etcd has no leader") + "}\n");
  EXPECT_EQ(broken.error().code, Code::unavailable);
}

TEST_F(WatchStreamTest, ALineThatIsNoEventEndsTheWatch) {
  for (const char* line : {"nonsense\n", "[]\n", "{\"type\":\"ADDED\"}\n", "{\"object\":{}}\n",
                           "{\"type\":\"ADDED\",\"object\":3}\n"}) {
    auto received = WatchStream(on_event).receive(line);
    ASSERT_FALSE(received.has_value()) << line;
    EXPECT_EQ(received.error().code, Code::unavailable);
  }
  EXPECT_EQ(seen, "");
}

TEST_F(WatchStreamTest, ALineWithoutAnEndHasALimit) {
  WatchStream stream(on_event, 100);
  EXPECT_TRUE(stream.receive(std::string(100, ' ')).has_value());
  auto received = stream.receive("x");
  ASSERT_FALSE(received.has_value());
  EXPECT_EQ(received.error().code, Code::exhausted);
}

TEST_F(WatchStreamTest, EventsComeWholeHoweverTheyAreCut) {
  std::string text = event("ADDED", "a", 1) + "\r\n" + event("MODIFIED", "b", 2) +
                     event("BOOKMARK", "c", 3) + event("DELETED", "d", 4);
  for (std::size_t size = 1; size <= text.size(); ++size) {
    seen.clear();
    WatchStream stream(on_event);
    for (std::size_t at = 0; at < text.size(); at += size) {
      ASSERT_TRUE(stream.receive(std::string_view(text).substr(at, size)).has_value());
    }
    ASSERT_EQ(seen, "ADDED a;MODIFIED b;BOOKMARK c;DELETED d;") << size;
  }
}

TEST_F(WatchStreamTest, HalfALineIsNoEvent) {
  WatchStream stream(on_event);
  ASSERT_TRUE(stream.receive(event("ADDED", "a", 1).substr(0, 30)).has_value());
  EXPECT_EQ(seen, "");
}

}  // namespace
}  // namespace tidegate::kube
