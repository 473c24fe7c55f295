#pragma once

#include <sys/types.h>

#include <string>
#include <vector>

#include "base/clock.h"
#include "http/loop.h"
#include "http/upstream.h"

namespace tidegate::scoring {

class BalancedRequest;

// A worker process that is ready: the same server as ever, behind a unix socket.
struct WorkerProcess {
  int number = 0;  // unique as long as the balancer lives
  pid_t pid = 0;
  http::Address address;
  std::size_t slots = 1;           // requests at once
  std::uint64_t requests_max = 0;  // then it is due for replacement; 0: never
};

// What the balancer knows about one. Belongs to its loop's thread.
struct BalancedWorker {
  BalancedWorker(http::Loop& loop, WorkerProcess given)
      : process(std::move(given)), upstream(loop, process.address, {}), end_timer(loop) {}

  const WorkerProcess process;
  http::Upstream upstream;
  std::vector<BalancedRequest*> calls;  // begun and not over
  std::size_t running = 0;              // of these, who hold a place: <= process.slots
  std::uint64_t served = 0;             // run() came back
  bool retiring = false;                // gets nothing new
  bool due = false;                     // reached requests_max, and that was told
  MonoTime rests_until{};               // it did not take a request a moment ago
  bool ended = false;
  std::string cause;  // once ended: "killed by signal 11 (SIGSEGV)"
  http::Timer end_timer;
};

}  // namespace tidegate::scoring
