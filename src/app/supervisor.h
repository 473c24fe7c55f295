#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "app/data_dir.h"
#include "app/restart_policy.h"
#include "base/clock.h"
#include "base/error.h"
#include "os/fd.h"
#include "os/process.h"

namespace tidegate::app {

// A role that the supervisor keeps running.
struct ChildSpec {
  std::string role;  // "control", "router": for logs and messages
  os::Command command;
  std::vector<std::pair<int, int>> fds;  // listeners: (ours, the child's number)
  int death_signal = 0;                  // what it gets when the supervisor itself is killed
  Milliseconds stop_limit{0};            // after SIGTERM; then SIGKILL
};

// A child that ends with this code says: starting me again will not help (EX_CONFIG of sysexits.h).
inline constexpr int kExitNotStartable = 78;

// Starts its children, starts one again whenever it ends, and on SIGTERM, SIGINT or SIGHUP stops
// them in order: the first child first (the router drains), then the next. Takes over orphaned
// shims as their reaper. Single-threaded; run() is called once, from the main thread, with those
// signals blocked.
class Supervisor {
 public:
  // before_stop: called once before the first child is asked to stop (closes the listeners, so that
  // new connections are refused instead of waiting for nobody).
  Supervisor(std::vector<ChildSpec> children, const Clock& clock,
             std::function<void()> before_stop);

  // Until everything is stopped. The error names the child that cannot be started.
  Result<> run();

 private:
  struct Child {
    ChildSpec spec;
    RestartPolicy policy;
    pid_t pid = 0;  // 0: not running
    MonoTime started;
    std::optional<MonoTime> start_at;
  };

  Result<> start_due_children();
  Milliseconds until_next_event() const;
  void reap();
  void on_exit(Child& child, const os::ExitStatus& status);
  void begin_stop();
  void stop_next();

  std::vector<Child> children_;
  const Clock& clock_;
  std::function<void()> before_stop_;
  bool stopping_ = false;
  std::size_t stopping_index_ = 0;  // the child that is being stopped
  std::optional<MonoTime> kill_at_;
  std::optional<Error> fatal_;
};

}  // namespace tidegate::app
