// How much builds of images may keep on this machine for the next one.
#pragma once

#include <cstdint>

#include "base/error.h"
#include "os/file.h"
#include "os/process.h"

namespace tidegate::image {

// `all` holds a root of Images for each target. Until they have at most max_bytes together, base
// images and packages go, from the root in which nobody has built for the longest time first. A
// root in which somebody builds stays. Gives how many bytes there were too many and could be
// removed. Blocks as long as that takes.
Result<std::uint64_t> limit_stores(const os::Path& all, std::uint64_t max_bytes,
                                   os::CommandRunner& runner);

}  // namespace tidegate::image
