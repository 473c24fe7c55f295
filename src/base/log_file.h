#pragma once

#include <cstddef>
#include <string>

#include "base/error.h"

namespace tidegate {

struct LogFileOptions {
  std::string path;  // empty: standard error
  std::size_t size_max_bytes = 64UL << 20;
  std::size_t files_max = 4;
};

// Sends the log of this process to a rotated file (spdlog), each line with UTC time and level.
// Call once, before threads start.
Result<> log_to_file(const LogFileOptions& options);

}  // namespace tidegate
