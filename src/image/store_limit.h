// How much builds of images may keep on this machine for the next one.
#pragma once

#include <cstdint>
#include <set>
#include <string>
#include <string_view>
#include <vector>

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

// The name of a target's root in there.
std::string store_name(std::string_view workspace, std::string_view target);

// Removes the roots of targets that are no more: all but those named in `in_use`, and those in
// which somebody builds. Gives the names of what was removed. Blocks as long as that takes.
Result<std::vector<std::string>> remove_unused_stores(const os::Path& all,
                                                      const std::set<std::string>& in_use,
                                                      os::CommandRunner& runner);

}  // namespace tidegate::image
