// Reading what the shims of a version wrote.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "base/error.h"
#include "os/file.h"

namespace tidegate::backend::local {

// The newest lines of all logs in `folder`, at most `lines_max` together; the replica that wrote
// last comes last. With more than one replica each has a header line. A missing folder is empty
// text.
Result<std::string> newest_lines(const os::Path& folder, std::size_t lines_max);

// How many lines of each log are shown: all of the short ones, and the rest evenly.
std::vector<std::size_t> share_lines(const std::vector<std::size_t>& available,
                                     std::size_t lines_max);

// Replicas that crash in a loop leave a log each: only the newest `logs_max` stay, and those for
// which `in_use` is true.
Result<> prune_logs(const os::Path& folder, std::size_t logs_max,
                    const std::vector<std::string>& replicas_in_use);

}  // namespace tidegate::backend::local
