// The timers of one loop: a binary heap in memory, driven by a single kernel timer (loop.cpp).
//
// Why not one Asio timer each: setting and cancelling one costs an operation object, two trips
// through the scheduler and, when it is the earliest, a system call. A request sets several time
// limits that almost never run out. Here setting one is a few moves in an array, and a Deadline
// that only moves later is a single store.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "base/clock.h"

namespace tidegate::http {

class TimerQueue;

class TimerNode {
 public:
  TimerNode() = default;
  TimerNode(const TimerNode&) = delete;
  virtual ~TimerNode();
  virtual void on_time() = 0;
  bool is_queued() const { return queue_ != nullptr; }
  MonoTime when() const { return when_; }  // only if queued

 private:
  friend class TimerQueue;
  TimerQueue* queue_ = nullptr;
  std::size_t index_ = 0;  // place in the heap
  std::uint64_t sequence_ = 0;
  MonoTime when_;
};

class TimerQueue {
 public:
  // Queued already: moved.
  void schedule(TimerNode& node, MonoTime when);
  void remove(TimerNode& node);
  // The earliest time, or nothing to wait for: MonoTime::max().
  MonoTime earliest() const { return heap_.empty() ? MonoTime::max() : heap_.front()->when_; }
  // Calls on_time() of what is due, in order of time, then of scheduling. What is scheduled
  // meanwhile waits for the next call, so that a timer that restarts itself cannot hold the loop.
  void fire(MonoTime now);

 private:
  static bool before(const TimerNode& a, const TimerNode& b) {
    return a.when_ != b.when_ ? a.when_ < b.when_ : a.sequence_ < b.sequence_;
  }
  void place(std::size_t index, TimerNode* node) {
    heap_[index] = node;
    node->index_ = index;
  }
  void sift_up(std::size_t index);
  void sift_down(std::size_t index);

  std::vector<TimerNode*> heap_;
  std::uint64_t next_sequence_ = 0;
};

}  // namespace tidegate::http
