#pragma once

#include <chrono>
#include <string>

namespace tidegate {

using Milliseconds = std::chrono::milliseconds;
using MonoTime = std::chrono::steady_clock::time_point;  // for durations and deadlines
using WallTime = std::chrono::system_clock::time_point;  // for people and records

// The seam for time. Real one: os/real_clock.h. Safe to call from any thread.
class Clock {
 public:
  virtual ~Clock() = default;
  virtual MonoTime mono() const = 0;
  virtual WallTime wall() const = 0;
};

// "2026-11-24T10:29:56.123456Z", UTC. format_iso of a default WallTime is the epoch.
std::string format_iso(WallTime time);

}  // namespace tidegate
