// Starting and awaiting programs. The seam for processes: what runs commands takes a CommandRunner.
#pragma once

#include <sys/types.h>

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "os/fd.h"
#include "os/file.h"

namespace tidegate::os {

struct Command {
  std::vector<std::string> argv;
  // Added to (or replacing in) the caller's environment, unless clear_env.
  std::map<std::string, std::string> env;
  bool clear_env = false;
  Path cwd;  // empty: the caller's
  // For a CommandRunner: asked several times a second, on its caller's thread; true ends the
  // program and its process group with SIGKILL. Empty: it runs to its end.
  std::function<bool()> is_cancelled = {};
};

struct ExitStatus {
  int code = 0;    // meaningful when signal == 0
  int signal = 0;  // 0: ended by exit()
  bool ok() const { return code == 0 && signal == 0; }
};
std::string describe(const ExitStatus& status);  // "exit code 3", "signal 9 (Killed)"

struct SpawnOptions {
  bool new_session = false;  // setsid: own session and process group
  int death_signal = 0;      // sent to the child when the calling *thread* ends (prctl)
  std::vector<std::pair<int, int>>
      fds;             // (ours, the child's number); 0, 1, 2 are kept as they are otherwise
  int stdout_fd = -1;  // becomes the child's 1; -1: inherited
  int stderr_fd = -1;  // becomes the child's 2; -1: inherited
};

// fork + exec; the error is the child's exec error if that fails. Other descriptors do not leak.
Result<pid_t> spawn(const Command& command, const SpawnOptions& options);
// Waits (blocking) for a child of this process.
Result<ExitStatus> wait_for(pid_t pid);

// Runs commands to their end.
class CommandRunner {
 public:
  virtual ~CommandRunner() = default;
  // Gives each line of output (standard output and error, in order of arrival) without its newline.
  // Blocks until the program ends; Code::cancelled: it was ended. Called from one thread, any
  // thread.
  using LineSink = std::function<void(std::string_view line)>;
  virtual Result<ExitStatus> run(const Command& command, const LineSink& on_line) = 0;
};

// The real one. Its children die with the calling thread (SIGKILL).
class RealCommandRunner final : public CommandRunner {
 public:
  Result<ExitStatus> run(const Command& command, const LineSink& on_line) override;
};

// Full path of a program in PATH, or nullopt.
std::optional<Path> find_program(std::string_view name);

}  // namespace tidegate::os
