#pragma once

#include "base/random.h"

namespace tidegate::os {

// getrandom(2). Safe from any thread.
class RealRandom final : public Random {
 public:
  void fill(std::span<std::byte> out) override;
};

}  // namespace tidegate::os
