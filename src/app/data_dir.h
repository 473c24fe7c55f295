#pragma once

#include "os/file.h"

namespace tidegate::app {

// Where things lie in a data folder, for the processes that `serve` starts. The blobs, versions,
// replicas and environments below it belong to control and its backend.
struct DataDir {
  os::Path root;

  os::Path serve_lock() const { return root / "serve.lock"; }
  os::Path control_lock() const { return root / "control.lock"; }
  os::Path api_socket() const { return root / "api.sock"; }
  os::Path run() const { return root / "run"; }  // only this user may look inside
  os::Path table() const { return run() / "table.pb"; }
  os::Path link_socket() const { return run() / "link.sock"; }
  os::Path spill() const { return root / "spill"; }
  os::Path logs() const { return root / "logs"; }
  os::Path environments() const { return root / "environments"; }
};

}  // namespace tidegate::app
