#pragma once

#include "base/clock.h"

namespace tidegate::os {

class RealClock final : public Clock {
 public:
  MonoTime mono() const override;
  WallTime wall() const override;
};

}  // namespace tidegate::os
