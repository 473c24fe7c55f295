#pragma once

#include <vector>

#include "base/clock.h"
#include "os/file.h"

namespace tidegate::backend::local {

// Asks each socket `GET /` at the same time and says which answer 200 within `time_limit`. Blocks
// until all have answered or the limit is over.
std::vector<bool> probe_sockets(const std::vector<os::Path>& sockets, Milliseconds time_limit,
                                const Clock& clock);

}  // namespace tidegate::backend::local
