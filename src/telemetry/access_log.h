#pragma once

#include <cstdint>
#include <string_view>

#include "base/error.h"
#include "os/fd.h"
#include "os/file.h"

namespace tidegate::telemetry {

struct AccessLogOptions {
  os::Path path = {};
  int fd = -1;  // used if path is empty; not owned, never rotated. -1: lines are dropped
  std::uint64_t size_max_bytes = 64UL << 20;
};

// The file of access lines. Beyond size_max_bytes it becomes "<path>.1", replacing an older one,
// and a new one begins. Belongs to one thread, not one that serves requests: writing blocks.
class AccessLog {
 public:
  static Result<AccessLog> open(const AccessLogOptions& options);

  // Whole lines. An error leaves the log usable for the next call (a full disk may get room again).
  Result<> write(std::string_view lines);
  bool is_kept() const { return options_.fd >= 0 || !options_.path.empty(); }

 private:
  explicit AccessLog(AccessLogOptions options) : options_(std::move(options)) {}
  Result<> reopen();
  Result<> write_all(int fd, std::string_view lines);

  AccessLogOptions options_;
  os::UniqueFd fd_;
  std::uint64_t size_ = 0;
};

}  // namespace tidegate::telemetry
