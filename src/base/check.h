// TIDEGATE_CHECK ends the process: memory safety, broken invariants.
// TIDEGATE_ASSUME ends debug builds; in release it counts and logs.
// Neither is for input, network or disk.
#pragma once

#include <cstdint>

namespace tidegate {

[[noreturn]] void check_failed(const char* expression, const char* file, int line);
void assumption_failed(const char* expression, const char* file, int line);
// How many assumptions failed in this process so far.
std::uint64_t failed_assumptions();

}  // namespace tidegate

#define TIDEGATE_CHECK(x) \
  ((x) ? static_cast<void>(0) : ::tidegate::check_failed(#x, __FILE__, __LINE__))
#define TIDEGATE_ASSUME(x) \
  ((x) ? static_cast<void>(0) : ::tidegate::assumption_failed(#x, __FILE__, __LINE__))
