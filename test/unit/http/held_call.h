// A handler that keeps its call until the test says what to do with it.
#pragma once

#include <atomic>

#include "unit/http/fake_handler.h"

namespace tidegate::http {

class HeldCall {
 public:
  // For TestServer: takes the call, and on_gone if it is to be noticed.
  FakeHandler::Function take(bool notice_gone = true);
  // Waits for the call, then runs on the loop's thread.
  void run(TestServer& server, std::function<void(ServerCall&)> work);
  bool gone() const { return gone_; }
  bool becomes_gone();  // waits
  int calls() const { return calls_; }

 private:
  std::atomic<ServerCall*> call_ = nullptr;
  std::atomic<int> calls_ = 0;
  std::atomic<bool> gone_ = false;
};

bool becomes_true(const std::function<bool()>& condition);

Reply text_reply(std::string body);

}  // namespace tidegate::http
