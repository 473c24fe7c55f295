#include "policy/retry.h"

#include <algorithm>

namespace tidegate::policy {
namespace {

Milliseconds doubling(Milliseconds first, Milliseconds most, std::uint32_t times) {
  const std::uint32_t doublings = std::min(times == 0 ? 0 : times - 1, 10U);
  return std::min(most, first * (1U << doublings));
}

}  // namespace

Milliseconds rest_after(Outcome outcome, std::uint32_t failures_in_a_row) {
  using namespace std::chrono_literals;
  if (outcome == Outcome::not_started) return doubling(10ms, 50ms, failures_in_a_row);
  if (outcome == Outcome::not_sent || outcome == Outcome::refused) {
    return doubling(100ms, 1000ms, failures_in_a_row);
  }
  return Milliseconds(0);
}

}  // namespace tidegate::policy
