#pragma once

#include <cstdint>
#include <string_view>

#include "os/fd.h"
#include "os/file.h"

namespace tidegate::os {

// A file without a name (O_TMPFILE, or created and unlinked): gone when the object is gone.
class TempFile {
 public:
  static Result<TempFile> create(const Path& folder);

  Result<> append(std::string_view bytes);
  // Reads up to `size` bytes at `offset`; 0 at the end.
  Result<std::size_t> read_at(std::uint64_t offset, char* out, std::size_t size) const;
  std::uint64_t size() const { return size_; }
  int fd() const { return fd_.get(); }

 private:
  explicit TempFile(UniqueFd fd) : fd_(std::move(fd)) {}
  UniqueFd fd_;
  std::uint64_t size_ = 0;
};

}  // namespace tidegate::os
