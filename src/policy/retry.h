#pragma once

#include <cstdint>

#include "base/clock.h"

namespace tidegate::policy {

// What became of a request that was given to a replica.
enum class Outcome {
  answered,
  not_sent,     // no byte was taken
  not_started,  // the replica was full and said so before user code saw the request
  refused,      // the replica wants another secret than ours and said so, likewise
  no_response,  // taken, and the replica went away
  broken_reply,
};

// Only what surely did not start may be sent again.
constexpr bool may_retry(Outcome outcome) {
  return outcome == Outcome::not_sent || outcome == Outcome::not_started ||
         outcome == Outcome::refused;
}

// How long a replica is left alone after its n-th failure in a row (n from 1): 10, 20, 40, 50 ms
// ... if it was full (somebody else uses it, or our count is too low after a restart), 100, 200 ...
// 1000 ms if it could not be reached or refuses us. Short, so that a replica that is back is found;
// not zero, so that a dead one, always the least busy, does not attract every request.
Milliseconds rest_after(Outcome outcome, std::uint32_t failures_in_a_row);

}  // namespace tidegate::policy
