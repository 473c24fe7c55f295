// Where things of replicas lie below the data folder.
#pragma once

#include <string>
#include <string_view>

#include "base/error.h"
#include "os/file.h"

namespace tidegate::backend::local {

//   versions/<version id>/app/                 what all replicas of the version share
//                        /app.partial-<random>/  being laid out
//                        /logs/<replica id>.log  (and .log.1, .log.2)
//   replicas/<replica id>/spec.json            what the shim runs
//                        /lock                 held as long as the shim lives
//                        /pid                  written by the shim, true while the lock is held
//                        /stop.json            written by us: end within this grace
//                        /exit.json            written by the shim as its last act; its `text` is
//                        for people /run/s                the replica's socket
//                        /run/startup_error.json  written by the scoring server: why it gave up
//                        /tmp/                 its HOME and TMPDIR
//   storage/<workspace>/modeldata/             what replicas of the workspace collect; never
//   removed
struct Layout {
  os::Path data_dir;

  os::Path version(const std::string& version_id) const {
    return data_dir / "versions" / version_id;
  }
  os::Path app(const std::string& version_id) const { return version(version_id) / "app"; }
  os::Path logs(const std::string& version_id) const { return version(version_id) / "logs"; }
  os::Path storage(const std::string& workspace) const { return data_dir / "storage" / workspace; }
  os::Path replicas() const { return data_dir / "replicas"; }
  os::Path replica(const std::string& replica_id) const { return replicas() / replica_id; }
};

inline constexpr const char* kSpecFile = "spec.json";
inline constexpr const char* kLockFile = "lock";
inline constexpr const char* kPidFile = "pid";
inline constexpr const char* kStopFile = "stop.json";
inline constexpr const char* kExitFile = "exit.json";
inline constexpr const char* kSocket = "run/s";

// Ids become names of folders: letters, digits and . _ - only, not beginning with a dot.
Result<> check_id(std::string_view id, std::string_view what);

}  // namespace tidegate::backend::local
