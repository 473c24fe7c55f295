#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "base/clock.h"
#include "http/server.h"
#include "scoring/ids.h"
#include "scoring/request.h"

namespace tidegate::scoring {

// One /score request from its head to its reply. Besides its Job part it is the loop thread's
// alone.
struct Exchange final : Job {
  http::ServerCall* call = nullptr;  // null: the client left
  // Counts the uses of this object: a callback from an earlier use finds another number and does
  // nothing.
  std::uint64_t use = 0;
  MonoTime began;
  RequestIds ids;
  // One of those that count for the limit: from admission to the end of run().
  bool has_place = false;
  bool is_with_worker = false;  // until Front::finish() or has_run(): nobody else gives it back
  // Its caller has been answered, but run() has not come back: the worker still has the job.
  bool given_up = false;
  // While its reply is a stream; `begun`: Job::stream once the head has been written.
  struct {
    Stream* begun = nullptr;
    std::uint64_t sent_bytes = 0;
    bool waits_for_client = false;
  } streaming;
};

// Exchanges are used again, with the memory of their short texts.
class ExchangePool {
 public:
  Exchange& take();
  void give_back(Exchange& exchange);

 private:
  std::vector<std::unique_ptr<Exchange>> all_;
  std::vector<Exchange*> free_;
};

}  // namespace tidegate::scoring
