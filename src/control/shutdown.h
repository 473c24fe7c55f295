#pragma once

#include <set>

#include "control/context.h"
#include "http/loop.h"

namespace tidegate::control {

// Stops every replica of this machine: each gets its grace, all at the same time. What is wanted
// stays in the store, so the next start brings them back. Belongs to the loop's thread.
class Shutdown {
 public:
  Shutdown(Context& context, http::Loop& loop) : context_(context), timer_(loop) {}
  // done: once none is left, or the longest grace and a little more have passed.
  void start(http::Task done);

 private:
  Result<std::map<std::string, Milliseconds>> graces() const;
  void look();
  void on_look(const Result<std::vector<backend::Replica>>& replicas);
  void clean_up(const std::vector<backend::Replica>& replicas);
  void finish();

  Context& context_;
  http::Timer timer_;
  http::Task done_;
  MonoTime give_up_at_;
};

}  // namespace tidegate::control
