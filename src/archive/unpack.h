#pragma once

#include <cstdint>

#include "base/error.h"
#include "os/file.h"

namespace tidegate::archive {

struct UnpackLimits {
  std::size_t entries_max = 200'000;
  std::uint64_t bytes_max = 16ULL << 30;  // after decompression
};

// Unpacks a tar or tar.gz that anybody may have made into `folder`, which must not exist yet.
// Refused, with the entry's name: absolute paths, "..", devices and pipes, links that lead out of
// the folder, entries that go through a link, more than the limits. Files are written without
// following links, with modes 0644 or 0755. On failure the folder is gone again.
Result<> unpack(const os::Path& file, const os::Path& folder, const UnpackLimits& limits);

}  // namespace tidegate::archive
