#pragma once

#include <chrono>
#include <functional>
#include <future>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include <gtest/gtest.h>

#include "http/upstream.h"
#include "unit/http/held_call.h"

namespace tidegate::http {

// Writes down what an upstream call was told, and lets the test's thread wait for its end.
class Recorder final : public UpstreamHandler {
 public:
  void on_head(const ResponseHead& head) override {
    ++heads;
    status = head.status;
    if (on_head_hook) on_head_hook();
  }
  void on_body(std::string_view bytes) override {
    body.append(bytes);
    if (on_body_hook) on_body_hook();
  }
  void on_done() override {
    if (on_done_hook) on_done_hook();
    auto ended = ended_;
    ended->set_value(true);
  }
  void on_failure(UpstreamFailure kind, std::string_view text) override {
    failure = kind;
    detail = text;
    auto ended = ended_;
    ended->set_value(true);
  }
  bool wait() {
    auto future = ended_->get_future();
    const bool came = future.wait_for(std::chrono::seconds(20)) == std::future_status::ready;
    EXPECT_TRUE(came) << "neither done nor failed";
    return came;
  }

  int heads = 0;
  int status = 0;
  std::string body;
  std::optional<UpstreamFailure> failure;
  std::string detail;
  std::function<void()> on_head_hook;
  std::function<void()> on_body_hook;
  std::function<void()> on_done_hook;

 private:
  std::shared_ptr<std::promise<bool>> ended_ = std::make_shared<std::promise<bool>>();
};

constexpr std::string_view kGet = "GET /x HTTP/1.1\r\nHost: replica\r\n\r\n";

// An upstream on a thread of its own, and the scripted replica's listener.
class UpstreamTest : public testing::Test {
 protected:
  UpstreamTest() : listener_(listen_anywhere()) { use(address_of(listener_)); }
  ~UpstreamTest() override {
    thread_.run([this] {
      call_.reset();
      upstream_.reset();
    });
  }

  void use(const Address& address, UpstreamOptions options = {}) {
    thread_.run([&] { upstream_ = std::make_unique<Upstream>(thread_.loop, address, options); });
  }
  void send(UpstreamHandler& handler, std::string_view head = kGet, const Body* body = nullptr) {
    thread_.run([&] { call_ = upstream_->send(head, body ? *body : empty_, handler); });
  }
  RawSocket accept() { return RawSocket::accept_from(listener_.get()); }
  std::size_t connections() {
    return thread_.run([this] { return upstream_->connections(); });
  }
  bool connections_become(std::size_t count) {
    return becomes_true([&] { return connections() == count; });
  }
  // One call that is answered with `response`, after which the replica closes if told to.
  void exchange(Recorder& recorder, std::string_view response, std::size_t piece, bool close) {
    send(recorder);
    RawSocket replica = accept();
    EXPECT_EQ(replica.read_until("\r\n\r\n"), kGet);
    replica.send_in_pieces(response, piece);
    if (close) replica.close();
    ASSERT_TRUE(recorder.wait());
  }

  LoopThread thread_;
  os::UniqueFd listener_;
  std::unique_ptr<Upstream> upstream_;
  std::unique_ptr<UpstreamCall> call_;
  Body empty_;
};

}  // namespace tidegate::http
