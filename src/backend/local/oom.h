#pragma once

#include <cstdint>
#include <optional>

#include "os/file.h"

namespace tidegate::backend::local {

// How many processes the kernel has killed for memory so far: in this process's control group if
// that can be read (both versions of cgroups), else on the whole machine. nullopt: neither can be
// read. The folders are arguments for tests.
std::optional<std::uint64_t> out_of_memory_kills(const os::Path& proc = "/proc",
                                                 const os::Path& cgroup = "/sys/fs/cgroup");

}  // namespace tidegate::backend::local
