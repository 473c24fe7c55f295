#pragma once

#include <condition_variable>
#include <deque>
#include <mutex>
#include <optional>
#include <string>
#include <thread>

#include "http/address.h"
#include "http/server.h"

namespace tidegate::scoring {

// Stands for a worker process: an HTTP server on a unix socket that holds each request until the
// test answers it.
class FakeProcess final : public http::RequestHandler {
 public:
  explicit FakeProcess(const std::string& path);
  ~FakeProcess() override { kill(); }

  const http::Address& address() const { return address_; }
  // The oldest request that it holds, once there is one: "POST /score\r\n<headers>\r\n\r\n<body>".
  std::string next_request();
  void wait_until_it_holds(std::size_t count);
  bool holds_none();
  std::size_t held_most();  // at once
  // To the oldest request that it holds.
  void answer(http::Reply reply);
  void answer(int status, std::string body) { answer({.status = status, .body = std::move(body)}); }
  void refuse() {
    answer({.status = 503, .headers = {{"x-tidegate-not-started", "1"}}, .body = "full"});
  }
  // A streamed reply that begins, and its end.
  void begin(std::string piece);
  void end();
  // Answers whatever comes at once, from now on.
  void answer_all(http::Reply reply);
  // All connections close, with whatever is in them.
  void kill();

 private:
  struct Held {
    http::ServerCall* call;
    std::string text;
  };

  void on_request(http::ServerCall& call) override;
  void hold(http::ServerCall& call, std::string text);
  void run(std::function<void()> task);  // on the loop's thread, waited for

  static constexpr std::chrono::seconds kPatience{30};
  http::Address address_;
  http::Loop loop_;
  std::optional<http::Server> server_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<Held> held_;  // guarded by mutex_, as are the next two
  std::size_t held_most_ = 0;
  std::optional<http::Reply> answer_all_;
  std::thread thread_;
};

}  // namespace tidegate::scoring
