#include "unit/http/held_call.h"

#include <gtest/gtest.h>

namespace tidegate::http {

FakeHandler::Function HeldCall::take(bool notice_gone) {
  return [this, notice_gone](ServerCall& call) {
    if (notice_gone) {
      call.on_gone([this] {
        call_ = nullptr;
        gone_ = true;
      });
    }
    ++calls_;
    call_ = &call;
  };
}

void HeldCall::run(TestServer& server, std::function<void(ServerCall&)> work) {
  ASSERT_TRUE(becomes_true([this] { return call_ != nullptr; }));
  server.thread().run([&] { work(*call_.exchange(nullptr)); });
}

bool HeldCall::becomes_gone() {
  return becomes_true([this] { return gone_.load(); });
}

bool becomes_true(const std::function<bool()>& condition) {
  for (int i = 0; i < 10'000; ++i) {
    if (condition()) return true;
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
  }
  return false;
}

Reply text_reply(std::string body) {
  Reply reply;
  reply.body = std::move(body);
  return reply;
}

}  // namespace tidegate::http
