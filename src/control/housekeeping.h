#pragma once

#include "control/context.h"
#include "http/loop.h"

namespace tidegate::control {

// What goes by age: uploads that were given up (a day), operations and their logs (a week); and,
// once at the start, content and staging folders that a crash left behind. What builds of images
// keep goes by size, and with its target. Belongs to the loop's thread.
class Housekeeping {
 public:
  Housekeeping(Context& context, http::Loop& loop) : context_(context), timer_(loop) {}
  void start();

 private:
  void sweep();
  void limit_images();

  Context& context_;
  http::Timer timer_;
};

// What builds of images keep for compute targets that are attached no more goes, on a worker.
void remove_unused_images(Context& context);

}  // namespace tidegate::control
