#pragma once

#include <cstring>
#include <mutex>

#include "base/clock.h"
#include "base/random.h"

namespace tidegate::test {

// Time moves only when told to: advance(501ms), never sleep.
class SimClock final : public Clock {
 public:
  MonoTime mono() const override {
    std::lock_guard hold(mutex_);
    return MonoTime(since_start_);
  }
  WallTime wall() const override {
    std::lock_guard hold(mutex_);
    return WallTime(std::chrono::duration_cast<WallTime::duration>(
        std::chrono::seconds(1'700'000'000) + since_start_));
  }
  void advance(std::chrono::nanoseconds by) {
    std::lock_guard hold(mutex_);
    since_start_ += std::chrono::duration_cast<MonoTime::duration>(by);
  }

 private:
  mutable std::mutex mutex_;
  MonoTime::duration since_start_{std::chrono::hours(1)};
};

// The same sequence for the same seed (splitmix64). Not safe for several threads.
class SimRandom final : public Random {
 public:
  explicit SimRandom(std::uint64_t seed) : state_(seed) {}
  void fill(std::span<std::byte> out) override {
    while (!out.empty()) {
      std::uint64_t z = (state_ += 0x9e3779b97f4a7c15);
      z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
      z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
      z ^= z >> 31;
      std::size_t piece = std::min(out.size(), sizeof z);
      std::memcpy(out.data(), &z, piece);
      out = out.subspan(piece);
    }
  }

 private:
  std::uint64_t state_;
};

}  // namespace tidegate::test
