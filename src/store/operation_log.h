// The log of an operation: FOLDER/<id>.log, lines `yyyymmddHHMMSS|text`, UTC. Only ever appended
// to, a line in one write: whoever reads up to the last newline sees whole lines.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/error.h"
#include "os/file.h"

namespace tidegate::store {

// Safe from any thread.
class OperationLogs {
 public:
  explicit OperationLogs(os::Path folder) : folder_(std::move(folder)) {}

  // Line breaks in `text` make several lines.
  Result<> append(std::string_view id, WallTime time, std::string_view text) const;
  // Whole lines from the byte offset on; empty when there is nothing (more).
  Result<std::string> read(std::string_view id, std::uint64_t offset) const;
  Result<> remove(std::string_view id) const;

 private:
  os::Path path_of(std::string_view id) const;
  const os::Path folder_;
};

}  // namespace tidegate::store
