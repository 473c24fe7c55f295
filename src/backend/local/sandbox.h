// Isolation of user code by bubblewrap: the system read-only, the data folder out of sight but for
// the replica's own folders, an own /tmp, an own process namespace. The network stays as it is.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "os/file.h"
#include "os/process.h"

namespace tidegate::backend::local {

// Where the replica sees its folders. Old scripts name /var/azureml-app.
inline constexpr std::string_view kAppInSandbox = "/var/azureml-app";
inline constexpr std::string_view kRunInSandbox = "/var/tidegate/run";
inline constexpr std::string_view kStorageInSandbox = "/var/tidegate/storage";

// An entry of the machine's /var; link: where it points, if it is a symbolic link.
struct VarEntry {
  std::string name;
  std::optional<std::string> link;
};

struct SandboxPlan {
  os::Path bubblewrap;      // the program
  os::Path data_dir;        // to be hidden; canonical
  os::Path app;             // the version's app folder
  bool has_models = false;  // app has a models folder, to be read-only
  os::Path run;             // the replica's own folders
  os::Path tmp;
  os::Path storage = {};         // the workspace's, to be written to; empty: out of sight
  std::vector<os::Path> needed;  // folders the program needs (interpreter, server), canonical
  std::vector<VarEntry> var_entries;
};

// The words before the program's own.
std::vector<std::string> sandbox_argv(const SandboxPlan& plan);

std::vector<VarEntry> list_var();
// The folders without which `interpreter` cannot run: of its environment and of what that stands
// on.
std::vector<os::Path> folders_of_interpreter(const os::Path& interpreter);

// Whether `path` is `folder` or lies below it, by name.
bool is_within(const os::Path& path, const os::Path& folder);

struct Isolation {
  bool available = false;
  std::string text;     // "bubblewrap" or "none (reason)"
  os::Path bubblewrap;  // set when available
};
// Tries bubblewrap once, with the folders it will have. scratch is made and removed again.
Isolation try_isolation(const os::Path& data_dir, const os::Path& scratch,
                        os::CommandRunner& runner);

}  // namespace tidegate::backend::local
