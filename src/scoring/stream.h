#pragma once

#include <atomic>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <string>
#include <string_view>

namespace tidegate::scoring {

// The body of a reply that user code makes piece by piece, on its way from the worker's thread to
// the loop's. What the client has not taken waits here and in its connection, each with a limit;
// then the worker waits, too.
class Stream {
 public:
  // wake_loop: called on the worker's thread; should make the loop's thread call take().
  explicit Stream(std::function<void()> wake_loop) : wake_loop_(std::move(wake_loop)) {}

  // Worker's thread. Waits while kWaitingMaxBytes wait. False: nobody wants more, since the client
  // has left or the time limit has passed.
  bool write(std::string_view piece, const std::atomic<bool>& timed_out);

  // Loop's thread.
  std::string take();
  void cut();  // the client has left

  static constexpr std::size_t kWaitingMaxBytes = 256UL << 10;  // and one piece

 private:
  const std::function<void()> wake_loop_;
  std::mutex mutex_;
  std::condition_variable taken_;
  std::string waiting_;      // guarded by mutex_
  bool loop_knows_ = false;  // guarded by mutex_
  bool is_cut_ = false;      // guarded by mutex_
};

}  // namespace tidegate::scoring
