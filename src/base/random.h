#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace tidegate {

// The seam for randomness. Real one: os/real_random.h (the kernel's generator). fill() is safe from
// any thread.
class Random {
 public:
  virtual ~Random() = default;
  virtual void fill(std::span<std::byte> out) = 0;

  std::uint64_t next_u64() {
    std::uint64_t value = 0;
    fill(std::as_writable_bytes(std::span(&value, 1)));
    return value;
  }
};

}  // namespace tidegate
