#pragma once

#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "image/interpreter.h"
#include "os/file.h"
#include "os/process.h"

namespace tidegate::image {

struct Interpreter {
  std::string path;  // absolute
  PythonVersion version;
};

// Finds the interpreters of this machine. Thread-safe. `runner` outlives this.
class InterpreterFinder {
 public:
  InterpreterFinder(os::Path uv, os::CommandRunner& runner);

  // The best interpreter that runs, as choose_interpreter says, by the path of the real program
  // (not a version manager's shim, not a link). not_found: none; the message lists what there is.
  Result<Interpreter> find(std::optional<PythonVersion> asked);

  // The interpreter of userManagedDependencies: an absolute path, or a name looked up in PATH. The
  // path stays that of the virtual environment, if it is one.
  Result<Interpreter> user_managed(const std::string& path);

 private:
  struct Answer {
    Interpreter program;  // as started: sys.executable
    Interpreter base;     // what a virtual environment stands on, links resolved
  };

  Result<std::vector<Candidate>> candidates();
  void add_usual_interpreter(std::vector<Candidate>& candidates);
  Result<std::vector<Candidate>> list_with_uv();
  Result<Answer> ask(const std::string& path);

  // Constant after construction.
  const os::Path uv_;
  os::CommandRunner& runner_;
  // Listing starts every interpreter of the machine (a second and more where version managers put
  // shims into PATH), so the list is kept until a folder that it came from changes.
  std::mutex mutex_;
  std::string listed_for_;         // guarded by mutex_
  std::vector<Candidate> listed_;  // guarded by mutex_
};

}  // namespace tidegate::image
