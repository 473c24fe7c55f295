#include "http/stream.h"

#include <condition_variable>
#include <mutex>

#include <gtest/gtest.h>

#include "unit/http/support.h"

namespace tidegate::http {
namespace {

// Writes down what happens, for the test's thread.
class Journal final : public StreamHandler {
 public:
  void on_open(StreamId id) override { note("open " + std::to_string(id)); }
  void on_bytes(StreamId, std::string_view bytes) override { note("", bytes); }
  void on_closed(StreamId id) override { note("closed " + std::to_string(id)); }

  bool has(const std::string& event) {
    return wait([&] { return events_.find(event + ";") != std::string::npos; });
  }
  bool received(const std::string& bytes) {
    return wait([&] { return bytes_ == bytes; });
  }
  std::string events() {
    std::lock_guard hold(mutex_);
    return events_;
  }

 private:
  template <class Condition>
  bool wait(Condition condition) {
    std::unique_lock hold(mutex_);
    return changed_.wait_for(hold, std::chrono::seconds(5), condition);
  }
  void note(const std::string& event, std::string_view bytes = {}) {
    {
      std::lock_guard hold(mutex_);
      if (!event.empty()) events_ += event + ";";
      bytes_ += bytes;
    }
    changed_.notify_all();
  }

  std::mutex mutex_;
  std::condition_variable changed_;
  std::string events_;
  std::string bytes_;
};

class Streams : public ::testing::Test {
 protected:
  ~Streams() override {
    thread_.run([this] {
      client_.reset();
      server_.reset();
    });
  }
  void start_server(StreamOptions options = {}) {
    thread_.run([&] {
      server_ = std::make_unique<StreamServer>(thread_.loop, served_, options);
      EXPECT_TRUE(server_->add_listener(std::move(listen_on(address_, {}).value())).has_value());
    });
  }
  void stop_server() {
    thread_.run([this] { server_.reset(); });
  }
  void start_client(StreamOptions options = {.retry_delay = Milliseconds(5)}) {
    thread_.run([&] {
      client_ = std::make_unique<StreamClient>(thread_.loop, address_, seen_, options);
      client_->start();
    });
  }
  void client_writes(std::string_view bytes) {
    thread_.run([&] { client_->write(bytes); });
  }
  void server_writes(StreamId id, std::string_view bytes) {
    thread_.run([&] { server_->write(id, bytes); });
  }

  TempFolder folder_;
  Address address_ = Address::parse("unix:" + (folder_.path() / "link.sock").string()).value();
  Journal served_;
  Journal seen_;
  LoopThread thread_;
  std::unique_ptr<StreamServer> server_;
  std::unique_ptr<StreamClient> client_;
};

TEST_F(Streams, AClientWaitsForItsServer) {
  start_client();
  client_writes("into the void");
  start_server();
  EXPECT_TRUE(seen_.has("open 1"));
  client_writes("heard");
  EXPECT_TRUE(served_.received("heard"));
}

TEST_F(Streams, AClientComesBackWithANewIdWheneverTheServerDoes) {
  start_server();
  start_client();
  ASSERT_TRUE(seen_.has("open 1"));
  stop_server();
  ASSERT_TRUE(seen_.has("closed 1"));
  start_server();
  EXPECT_TRUE(seen_.has("open 2"));
  EXPECT_EQ(seen_.events(), "open 1;closed 1;open 2;");
}

TEST_F(Streams, WhoClosesHearsNothingAndTheOtherDoes) {
  start_server();
  start_client();
  ASSERT_TRUE(served_.has("open 1"));
  thread_.run([this] { client_->reconnect(); });
  EXPECT_TRUE(served_.has("closed 1"));
  ASSERT_TRUE(seen_.has("open 2"));
  EXPECT_EQ(seen_.events(), "open 1;open 2;");
  ASSERT_TRUE(served_.has("open 2"));
  thread_.run([this] { server_->close(2); });
  EXPECT_TRUE(seen_.has("closed 2"));
  EXPECT_EQ(served_.events().find("closed 2"), std::string::npos);
  server_writes(2, "to nobody");
}

TEST_F(Streams, MuchDataArrivesWholeInBothDirections) {
  start_server();
  start_client();
  ASSERT_TRUE(served_.has("open 1"));
  std::string much(9'000'000, '\0');
  for (std::size_t i = 0; i < much.size(); ++i) much[i] = static_cast<char>(i * 7 % 251);
  client_writes(much);
  server_writes(1, much.substr(0, 5'000'000));
  server_writes(1, much.substr(5'000'000));
  EXPECT_TRUE(served_.received(much));
  EXPECT_TRUE(seen_.received(much));
}

TEST_F(Streams, APeerThatTakesNothingIsGivenUp) {
  start_server({.unsent_max_bytes = 100'000});
  RawSocket peer = RawSocket::connect_to(address_);
  ASSERT_TRUE(served_.has("open 1"));
  server_writes(1, std::string(4'000'000, 'x'));
  EXPECT_TRUE(served_.has("closed 1"));
}

TEST_F(Streams, AServerHasALimitOfStreams) {
  start_server({.streams_max = 1});
  RawSocket first = RawSocket::connect_to(address_);
  ASSERT_TRUE(served_.has("open 1"));
  RawSocket second = RawSocket::connect_to(address_);
  EXPECT_TRUE(second.at_end());
  server_writes(1, "still here");
  EXPECT_EQ(first.read_bytes(10), "still here");
}

TEST_F(Streams, ASocketMayHaveALongPath) {
  os::Path deep = folder_.path();
  for (int i = 0; i < 10; ++i) deep /= "a-rather-long-name-of-a-folder";
  ASSERT_TRUE(os::make_directories(deep).has_value());
  address_.path = (deep / "link.sock").string();
  start_server();
  start_client();
  EXPECT_TRUE(seen_.has("open 1"));
}

}  // namespace
}  // namespace tidegate::http
