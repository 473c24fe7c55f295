#pragma once

#include <cstdint>
#include <string_view>

#include "base/error.h"
#include "os/fd.h"
#include "os/file.h"

namespace tidegate::backend::local {

struct RotatingLogOptions {
  std::uint64_t size_max_bytes = 16UL << 20;
  int files_max = 3;  // with the one being written; at least 1
};

// A log file of bounded size: full, it becomes <path>.1, that one <path>.2, and so on; the oldest
// goes.
class RotatingLog {
 public:
  static Result<RotatingLog> open(os::Path path, const RotatingLogOptions& options);

  // Never fails and never waits: what cannot be written (a full disk) is dropped and counted, and
  // the number is noted in the log when there is room again.
  void write(std::string_view text);

 private:
  RotatingLog(os::Path path, const RotatingLogOptions& options, os::UniqueFd fd,
              std::uint64_t size);

  std::size_t place_to_cut(std::string_view text) const;
  void write_or_count(std::string_view text);
  bool write_whole(std::string_view text);
  void rotate();

  os::Path path_;
  RotatingLogOptions options_;
  os::UniqueFd fd_;
  std::uint64_t size_ = 0;
  bool at_line_start_ = true;
  std::uint64_t dropped_bytes_ = 0;
};

os::Path rotated_path(const os::Path& path, int age);  // age 1: the newest of the old ones

}  // namespace tidegate::backend::local
