#include "os/real_clock.h"

namespace tidegate::os {

MonoTime RealClock::mono() const {
  return std::chrono::steady_clock::now();
}
WallTime RealClock::wall() const {
  return std::chrono::system_clock::now();
}

}  // namespace tidegate::os
