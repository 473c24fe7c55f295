#pragma once

#include <array>
#include <cstring>

#include "base/random.h"

namespace tidegate::scoring {

// Asks the source for many bytes at once, so that an id costs no system call. Belongs to one thread
// (the loop's); a forked child must not go on with it, it would repeat its parent's ids.
class RandomPool final : public Random {
 public:
  explicit RandomPool(Random& source) : source_(source) {}

  void fill(std::span<std::byte> out) override {
    if (out.size() > bytes_.size()) return source_.fill(out);
    if (out.size() > bytes_.size() - used_) {
      source_.fill(bytes_);
      used_ = 0;
    }
    std::memcpy(out.data(), bytes_.data() + used_, out.size());
    used_ += out.size();
  }

 private:
  Random& source_;
  std::array<std::byte, 512> bytes_{};
  std::size_t used_ = bytes_.size();
};

}  // namespace tidegate::scoring
