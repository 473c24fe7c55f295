#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <mutex>
#include <thread>

#include "http/loop.h"

namespace tidegate::scoring {

// Who runs the loop: the main thread while it is idle, the helper (a thread of this object) while
// the main thread runs user code for long, nobody in between.
//
//   helper --take()--> main --give()--> nobody --take()--> main ...
//                                          |
//                                          +-- not taken for a tick or two --> helper looks in at
//                                              every tick; after a while it takes the loop
//
// As long as the main thread comes back soon, take() and give() are an atomic operation each: the
// helper only looks in at every tick, and sleeps without end after a few ticks in which nothing was
// given.
//
// `owner_` is what hands the loop over, and orders memory. The main thread's methods come from one
// thread at a time.
class LoopKeeper {
 public:
  // Called by the helper; must not block.
  struct Hooks {
    std::function<void()> on_taken;  // it has the loop, because the main thread is away
    std::function<void()> on_quiet;  // it will sleep without end
  };
  LoopKeeper(http::Loop& loop, Milliseconds tick, Hooks hooks);
  ~LoopKeeper();  // the helper has ended: end()
  LoopKeeper(const LoopKeeper&) = delete;

  // The helper begins, and has the loop.
  void start();
  // Main thread. From whomever; waits for the helper's callback to end, if it is in one.
  void take();
  // Main thread, which owns the loop.
  void give();
  // Main thread, which owns the loop. The helper ends, and nobody takes the loop any more.
  void end();

  // Any thread. How often the helper has had the loop since start().
  std::uint64_t take_overs() const { return take_overs_.load(); }

 private:
  enum class Owner : int { nobody, main, helper };

  void help();
  void serve_sockets();
  void look_in();
  void hand_back();
  bool sleep_a_tick();
  bool sleep_until_given(std::uint64_t gives_seen);
  bool change_owner(Owner from, Owner to);

  http::Loop& loop_;
  const Milliseconds tick_;
  const Hooks hooks_;

  // Own synchronisation.
  std::atomic<Owner> owner_{Owner::main};
  std::atomic<bool> asked_back_{false};
  std::atomic<std::uint64_t> gives_{0};
  std::atomic<bool> watching_{true};  // the helper looks at gives_ within a tick
  std::atomic<std::uint64_t> take_overs_{0};

  std::mutex mutex_;
  std::condition_variable changed_;
  bool ending_ = false;  // guarded by mutex_
  std::thread helper_;
};

}  // namespace tidegate::scoring
