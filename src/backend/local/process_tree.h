// What /proc knows of other processes.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <vector>

namespace tidegate::backend::local {

std::vector<pid_t> children_of(pid_t pid);
// Start time in clock ticks since boot; with the pid it names one process for ever. nullopt: gone
// (or a zombie, which runs no more).
std::optional<std::uint64_t> start_time_of(pid_t pid);
// The program that bubblewrap runs: bubblewrap's child is the init of the new pid namespace, and
// the program is that one's child. nullopt: not there yet.
std::optional<pid_t> program_in_sandbox(pid_t bubblewrap);

}  // namespace tidegate::backend::local
