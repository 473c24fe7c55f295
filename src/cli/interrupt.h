#pragma once

#include "cli/context.h"

namespace tidegate::cli {

// Takes SIGINT over while it lives; a second Ctrl-C ends the process as if nobody had.
class SignalWaiter final : public Waiter {
 public:
  SignalWaiter() = default;
  ~SignalWaiter() override;
  bool wait(Milliseconds time) override;
  bool is_interrupted() override;
  void watch() override;

 private:
  bool installed_ = false;
};

}  // namespace tidegate::cli
