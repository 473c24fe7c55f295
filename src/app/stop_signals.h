#pragma once

#include <csignal>
#include <functional>
#include <thread>

#include "os/fd.h"

namespace tidegate::app {

// Calls back, on a thread of its own, when SIGTERM, SIGINT or SIGHUP comes. Construct before any
// other thread starts: it blocks the signals for all of them.
class StopSignals {
 public:
  explicit StopSignals(std::function<void()> on_stop);
  ~StopSignals();
  StopSignals(const StopSignals&) = delete;

 private:
  os::UniqueFd quit_;  // eventfd: the destructor's word to the thread
  os::UniqueFd signals_;
  std::thread thread_;
};

}  // namespace tidegate::app
