#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/error.h"
#include "os/temp_file.h"

namespace tidegate::http {

struct BodyLimits {
  std::uint64_t size_max_bytes = 100UL << 20;  // more: Code::exhausted, 413
  std::uint64_t memory_max_bytes = 1UL << 20;  // more: the rest goes to a file in spill_folder
  os::Path spill_folder = "/tmp";
};

// A whole message body: in memory, or in a nameless file once it outgrew memory_max_bytes.
class Body {
 public:
  Body() = default;
  explicit Body(std::string text) : memory_(std::move(text)) {}

  Result<> append(std::string_view bytes, const BodyLimits& limits);
  std::uint64_t size() const { return file_ ? file_->size() : memory_.size(); }
  bool in_memory() const { return !file_.has_value(); }
  std::string_view memory() const { return memory_; }  // only if in_memory()
  const os::TempFile& file() const { return *file_; }  // only if not in_memory()
  // Copies to one string, wherever it is.
  Result<std::string> read_all() const;
  void clear();

 private:
  std::string memory_;
  std::optional<os::TempFile> file_;
};

}  // namespace tidegate::http
