#pragma once

#include <functional>
#include <memory>

#include "base/clock.h"

namespace boost::asio {
class io_context;
}

namespace tidegate::http {

using Task = std::move_only_function<void()>;

// An event loop that one thread at a time runs. An object that takes a Loop& belongs to that
// thread: all its methods are called there and all its callbacks come there. post() is the only
// door from outside. Between two callbacks another thread may go on with run_one(), if what hands
// the loop over also orders memory (scoring/loop_keeper.h).
class Loop {
 public:
  Loop();
  ~Loop();  // destroys tasks that were not run
  Loop(const Loop&) = delete;

  void run();            // until stop(); returns at once if stopped before
  bool run_one();        // waits for one callback and runs it; false: stopped
  bool poll_one();       // the same without waiting; false: stopped, or nothing is due
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
