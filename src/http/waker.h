#pragma once

#include <functional>
#include <memory>

#include "base/error.h"
#include "http/loop.h"

namespace tidegate::http {

// Ends a loop's wait from where post() may not be called: in a signal handler. Whatever is written
// to fd() is thrown away, and on_wake is called once for all of it, on the loop's thread.
class Waker {
 public:
  explicit Waker(Loop& loop);
  ~Waker();
  Waker(const Waker&) = delete;

  Result<> start(std::function<void()> on_wake);
  // Writes one byte; a full pipe is as good. After start(). Any thread, also a signal handler.
  void wake();
  // For who writes to it himself (Python's set_wakeup_fd): non-blocking.
  int fd() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace tidegate::http
