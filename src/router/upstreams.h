#pragma once

#include <memory>
#include <unordered_map>

#include "http/loop.h"
#include "http/upstream.h"
#include "router/routes.h"

namespace tidegate::router {

// One core's connections to replicas. Those to a replica that left the table are closed as soon as
// their last call is over: nobody else closes them, and the replica wants to end. Belongs to the
// core's thread.
class Upstreams {
 public:
  explicit Upstreams(http::Loop& loop) : loop_(loop) {}

  // Counts one more call on it.
  http::Upstream& begin_call(const std::shared_ptr<Replica>& replica);
  // Not from inside the call's own callback: this may destroy the Upstream.
  void end_call(const Replica& replica);
  void keep_only(const Routes& routes);

 private:
  struct Entry {
    std::shared_ptr<Replica> replica;
    std::unique_ptr<http::Upstream> upstream;
    std::size_t calls = 0;
    bool gone = false;
  };

  http::Loop& loop_;
  std::unordered_map<const Replica*, Entry> entries_;
};

}  // namespace tidegate::router
