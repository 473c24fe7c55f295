#include "os/process.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <sstream>

#include <fmt/format.h>
#include <fmt/ranges.h>

extern char** environ;

namespace tidegate::os {
namespace {

constexpr int kAskPeriodMs = 100;

std::vector<std::string> environment_of(const Command& command) {
  std::map<std::string, std::string> values = command.env;
  if (!command.clear_env) {
    for (char** entry = environ; *entry != nullptr; ++entry) {
      std::string_view text = *entry;
      auto equals = text.find('=');
      if (equals == std::string_view::npos) continue;
      values.try_emplace(std::string(text.substr(0, equals)), text.substr(equals + 1));
    }
  }
  std::vector<std::string> lines;
  for (const auto& [name, value] : values) lines.push_back(name + "=" + value);
  return lines;
}

std::vector<char*> pointers_to(std::vector<std::string>& texts) {
  std::vector<char*> out;
  for (std::string& text : texts) out.push_back(text.data());
  out.push_back(nullptr);
  return out;
}

// Everything below runs between fork and exec: only async-signal-safe calls.

// Moves descriptors to the numbers the child expects. They are first copied above all targets, so
// that no target overwrites a source that is still needed.
bool place_descriptors(std::vector<std::pair<int, int>>& fds) {
  int above = 3;
  for (auto& [from, to] : fds) above = std::max(above, to + 1);
  for (auto& [from, to] : fds) {
    from = ::fcntl(from, F_DUPFD, above);
    if (from < 0) return false;
  }
  for (auto& [from, to] : fds) {
    if (::dup2(from, to) < 0) return false;
    ::close(from);
  }
  return true;
}

[[noreturn]] void exec_child(char* const* argv, char* const* envp, const char* cwd,
                             const SpawnOptions& options, std::vector<std::pair<int, int>>& fds,
                             pid_t parent, int report_fd) {
  auto give_up = [&] {
    int error_number = errno;
    [[maybe_unused]] ssize_t n = ::write(report_fd, &error_number, sizeof error_number);
    ::_exit(127);
  };
  if (options.new_session) ::setsid();
  if (options.death_signal != 0) {
    ::prctl(PR_SET_PDEATHSIG, options.death_signal);
    if (::getppid() != parent) ::_exit(127);  // the parent was faster to end than we to ask
  }
  if (!place_descriptors(fds)) give_up();
  if (cwd != nullptr && ::chdir(cwd) != 0) give_up();
  sigset_t none;
  ::sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
  ::signal(SIGPIPE, SIG_DFL);
  ::execvpe(argv[0], argv, envp);
  give_up();
  ::_exit(127);
}

}  // namespace

std::string describe(const ExitStatus& status) {
  if (status.signal != 0) {
    return fmt::format("signal {} ({})", status.signal, ::strsignal(status.signal));
  }
  return fmt::format("exit code {}", status.code);
}

Result<pid_t> spawn(const Command& command, const SpawnOptions& options) {
  if (command.argv.empty()) return fail(Code::internal, "an empty command cannot be run");
  std::vector<std::string> argv_text = command.argv;
  std::vector<std::string> env_text = environment_of(command);
  std::vector<char*> argv = pointers_to(argv_text);
  std::vector<char*> envp = pointers_to(env_text);
  std::vector<std::pair<int, int>> fds = options.fds;
  if (options.stdout_fd >= 0) fds.emplace_back(options.stdout_fd, 1);
  if (options.stderr_fd >= 0) fds.emplace_back(options.stderr_fd, 2);
  fds.reserve(fds.size());
  std::string cwd = command.cwd.string();

  int report[2];
  if (::pipe2(report, O_CLOEXEC) != 0) return fail_errno("cannot create a pipe");
  UniqueFd report_read(report[0]);
  UniqueFd report_write(report[1]);
  pid_t parent = ::getpid();
  pid_t pid = ::fork();
  if (pid < 0) return fail_errno(fmt::format("cannot start {}", command.argv[0]));
  if (pid == 0) {
    // The report pipe must not sit on a number that the child's descriptors take.
    int high = ::fcntl(report_write.get(), F_DUPFD_CLOEXEC, 512);
    exec_child(argv.data(), envp.data(), cwd.empty() ? nullptr : cwd.c_str(), options, fds, parent,
               high >= 0 ? high : report_write.get());
  }
  report_write.reset();
  int error_number = 0;
  ssize_t n;
  do {
    n = ::read(report_read.get(), &error_number, sizeof error_number);
  } while (n < 0 && errno == EINTR);
  if (n == sizeof error_number) {
    ::waitpid(pid, nullptr, 0);
    return fail_errno(fmt::format("cannot start {}", command.argv[0]), error_number);
  }
  return pid;
}

Result<ExitStatus> wait_for(pid_t pid) {
  int status = 0;
  while (::waitpid(pid, &status, 0) < 0) {
    if (errno != EINTR) return fail_errno(fmt::format("cannot wait for process {}", pid));
  }
  if (WIFSIGNALED(status)) return ExitStatus{.signal = WTERMSIG(status)};
  return ExitStatus{.code = WEXITSTATUS(status)};
}

namespace {

// False: the program is not wanted any more. Without that question it returns at once.
bool wait_for_output(int fd, const Command& command) {
  if (!command.is_cancelled) return true;
  pollfd output{.fd = fd, .events = POLLIN, .revents = 0};
  do {
    if (command.is_cancelled()) return false;
  } while (::poll(&output, 1, kAskPeriodMs) == 0);
  return true;
}

// Not reaped before, so its number names its group and nothing else. Whoever has left the group
// and holds the pipe is not waited for.
std::unexpected<Error> end_group(const Command& command, pid_t pid) {
  ::kill(-pid, SIGKILL);
  static_cast<void>(wait_for(pid));
  return fail(Code::cancelled, fmt::format("{} was ended: cancelled", command.argv[0]));
}

}  // namespace

Result<ExitStatus> RealCommandRunner::run(const Command& command, const LineSink& on_line) {
  int output[2];
  if (::pipe2(output, O_CLOEXEC) != 0) return fail_errno("cannot create a pipe");
  UniqueFd read_end(output[0]);
  UniqueFd write_end(output[1]);
  TIDEGATE_TRY(pid_t pid, spawn(command, {.new_session = command.is_cancelled != nullptr,
                                          .death_signal = SIGKILL,
                                          .stdout_fd = write_end.get(),
                                          .stderr_fd = write_end.get()}));
  write_end.reset();
  std::string pending;
  char buffer[1 << 14];
  for (;;) {
    if (!wait_for_output(read_end.get(), command)) return end_group(command, pid);
    ssize_t n = ::read(read_end.get(), buffer, sizeof buffer);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) break;
    pending.append(buffer, static_cast<std::size_t>(n));
    std::size_t start = 0;
    for (auto end = pending.find('\n'); end != std::string::npos; end = pending.find('\n', start)) {
      on_line(std::string_view(pending).substr(start, end - start));
      start = end + 1;
    }
    pending.erase(0, start);
  }
  if (!pending.empty()) on_line(pending);
  return wait_for(pid);
}

std::optional<Path> find_program(std::string_view name) {
  if (name.find('/') != std::string_view::npos) {
    if (::access(std::string(name).c_str(), X_OK) == 0) return Path(name);
    return std::nullopt;
  }
  const char* path = ::getenv("PATH");
  std::istringstream folders(path != nullptr ? path : "/usr/local/bin:/usr/bin:/bin");
  for (std::string folder; std::getline(folders, folder, ':');) {
    Path candidate = Path(folder) / name;
    std::error_code error;
    if (std::filesystem::is_regular_file(candidate, error) &&
        ::access(candidate.c_str(), X_OK) == 0) {
      return candidate;
    }
  }
  return std::nullopt;
}

}  // namespace tidegate::os
