#pragma once

#include <functional>
#include <memory>

#include "base/clock.h"

namespace boost::asio {
class io_context;
}

namespace tidegate::http {

using Task = std::move_only_function<void()>;

// An event loop that one thread runs. An object that takes a Loop& belongs to that thread: all its
// methods are called there and all its callbacks come there. post() is the only door from outside.
class Loop {
 public:
  Loop();
  ~Loop();  // destroys tasks that were not run
  Loop(const Loop&) = delete;

  void run();            // until stop(); returns at once if stopped before
  void stop();           // any thread
  void post(Task task);  // any thread; runs in order of posting
  MonoTime now() const;  // time of this turn: stands still within one callback

  struct Impl;
  Impl& impl() { return *impl_; }      // for http/ alone
  boost::asio::io_context& context();  // for http/ alone

 private:
  std::unique_ptr<Impl> impl_;
};

// One shot; starting again replaces. Destroying cancels; a cancelled task never runs.
class Timer {
 public:
  explicit Timer(Loop& loop);
  ~Timer();
  Timer(Timer&&) noexcept;
  void start(Milliseconds delay, Task task);
  void cancel();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace tidegate::http
