// The small files by which a backend and the shim of a replica talk. Each is replaced as a whole.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "backend/backend.h"
#include "base/clock.h"
#include "base/error.h"
#include "os/file.h"

namespace tidegate::backend::local {

// spec.json: what a shim runs.
struct ShimSpec {
  std::string replica_id;
  std::string version_id;
  std::vector<std::string> argv;
  std::map<std::string, std::string> env;  // all of it
  std::string cwd;
  std::string log;  // path of the log file
  std::uint64_t log_size_max_bytes = 16UL << 20;
  int log_files_max = 3;
  // argv begins with bubblewrap: the replica is its grandchild, and a death by signal n arrives as
  // exit code 128 + n.
  bool sandboxed = false;
};

// pid: who is running. child_start tells a process from a later one of the same number.
struct ShimPids {
  pid_t shim = 0;
  pid_t child = 0;                // what the shim started
  std::uint64_t child_start = 0;  // start time in clock ticks, as in /proc/<pid>/stat
  pid_t replica = 0;              // the user's Python process; 0: not known yet
};

Result<> write_spec(const os::Path& folder, const ShimSpec& spec);
Result<ShimSpec> read_spec(const os::Path& folder);

// Not flushed to the disk: the numbers mean nothing after a restart of the machine.
Result<> write_pids(const os::Path& folder, const ShimPids& pids);
std::optional<ShimPids> read_pids(const os::Path& folder);  // nullopt: not written yet, or damaged

Result<> write_stop(const os::Path& folder, Milliseconds grace);
std::optional<Milliseconds> read_stop(const os::Path& folder);  // nullopt: nobody asked

Result<> write_exit(const os::Path& folder, const ReplicaExit& exit, WallTime time);
std::optional<ReplicaExit> read_exit(const os::Path& folder);  // nullopt: not ended, or damaged

}  // namespace tidegate::backend::local
