// What a command is given: the seams, so that tests can give others.
#pragma once

#include "base/clock.h"
#include "base/random.h"
#include "cli/console.h"
#include "fetch/client.h"
#include "os/file.h"

namespace tidegate::cli {

// Waiting that Ctrl-C ends.
class Waiter {
 public:
  virtual ~Waiter() = default;
  // False: the user wants to stop, now or since the last call.
  virtual bool wait(Milliseconds time) = 0;
  virtual bool is_interrupted() = 0;
  // From now on Ctrl-C is noted, though nobody waits yet.
  virtual void watch() {}
};

struct Context {
  Console& console;
  fetch::Client& http;
  const Clock& clock;
  Random& random;
  Waiter& waiter;
  os::Path data;    // absolute
  os::Path folder;  // where relative paths begin: the current directory
};

}  // namespace tidegate::cli
