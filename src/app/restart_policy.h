#pragma once

#include <algorithm>

#include "base/clock.h"

namespace tidegate::app {

// When a child that ended is started again: at once if it had lived for a while, else later and
// later, but never later than a second ("back within a second").
class RestartPolicy {
 public:
  static constexpr Milliseconds kLivedWell{5'000};
  static constexpr Milliseconds kDelayMin{50};
  static constexpr Milliseconds kDelayMax{1'000};

  Milliseconds delay_after(Milliseconds lived) {
    if (lived >= kLivedWell) quick_ends_ = 0;
    int ends = std::min(quick_ends_++, 5);
    return ends == 0 ? Milliseconds(0) : std::min(kDelayMin * (1 << ends), kDelayMax);
  }

 private:
  int quick_ends_ = 0;  // in a row
};

}  // namespace tidegate::app
