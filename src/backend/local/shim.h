// `tidegate shim DIR`: the parent of one replica. Small on purpose: no threads, one poll loop,
// nothing that could fail for lack of something but the kernel. It outlives control, so a replica
// and the reason of its end do too.
#pragma once

#include "os/file.h"

namespace tidegate::backend::local {

// The descriptor under which the backend hands over the lock of the replica's folder, taken before
// the shim exists: between its start and its end the lock is never free.
inline constexpr int kShimLockFd = 3;

// Runs the replica whose folder (an absolute path, with spec.json) is given. Returns at once in the
// calling process with its exit code; the shim itself goes on in a child that belongs to nobody
// here (its parent is the nearest subreaper, or init).
//
// The shim holds the lock; starts the command in a session of its own, to die with the shim; moves
// its output into the rotated log; on SIGTERM passes it on and, after the grace of stop.json, kills
// the whole group; in the end kills what is left, writes exit.json and goes.
int shim_main(const os::Path& replica_folder);

}  // namespace tidegate::backend::local
