#include "backend/local/shim.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <optional>

#include <fmt/format.h>

#include "backend/local/layout.h"
#include "backend/local/oom.h"
#include "backend/local/process_tree.h"
#include "backend/local/rotating_log.h"
#include "backend/local/shim_files.h"
#include "os/fd.h"
#include "os/file_lock.h"
#include "os/process.h"
#include "os/real_clock.h"

namespace tidegate::backend::local {
namespace {

constexpr Milliseconds kGraceUnlessTold{30'000};
constexpr Milliseconds kSearchPeriod{5};
constexpr Milliseconds kSearchMax{5'000};
constexpr Milliseconds kDrainMax{1'000};
constexpr int kStragglerRoundsMax = 100;

class Shim {
 public:
  Shim(os::Path folder, ShimSpec spec, RotatingLog log)
      : folder_(std::move(folder)), spec_(std::move(spec)), log_(std::move(log)) {}

  int run() {
    kills_before_ = out_of_memory_kills();
    if (Result<> started = start(); !started) return give_up(started.error());
    while (!ended_) turn();
    finish();
    return 0;
  }

 private:
  Result<> start();
  void turn();
  Milliseconds time_to_sleep() const;
  void read_signals();
  void read_output();
  void note_ended_children();
  void look_for_replica();
  void publish_pids();
  void ask_to_end();
  void kill_group() { ::kill(-pids_.child, SIGKILL); }
  void kill_stragglers();
  void drain_output();
  void finish();
  int give_up(const Error& error);
  void note(std::string_view text);
  ReplicaExit make_exit() const;

  const os::Path folder_;
  const ShimSpec spec_;
  RotatingLog log_;
  const os::RealClock clock_{};

  os::UniqueFd signals_;
  os::UniqueFd output_;
  ShimPids pids_;
  os::UniqueFd replica_;                // pidfd: signals reach this process and no later one
  std::optional<MonoTime> search_end_;  // while the program in the sandbox is not found yet
  std::optional<MonoTime> kill_at_;     // set once we are asked to end
  bool killed_by_us_ = false;
  bool ended_ = false;
  int wait_status_ = 0;  // of the child, once ended_
  std::optional<std::uint64_t> kills_before_;
};

os::UniqueFd open_pid(pid_t pid) {
  return os::UniqueFd(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0)));
}

Result<> Shim::start() {
  sigset_t handled;
  ::sigemptyset(&handled);
  ::sigaddset(&handled, SIGCHLD);
  ::sigaddset(&handled, SIGTERM);
  signals_.reset(::signalfd(-1, &handled, SFD_CLOEXEC | SFD_NONBLOCK));
  int ends[2];
  if (!signals_ || ::pipe2(ends, O_CLOEXEC) != 0) return fail_errno("cannot create a descriptor");
  output_.reset(ends[0]);
  os::UniqueFd child_output(ends[1]);
  ::fcntl(output_.get(), F_SETFL, O_NONBLOCK);
  note(fmt::format("replica {} of {} starts", spec_.replica_id, spec_.version_id));
  os::Command command{.argv = spec_.argv, .env = spec_.env, .clear_env = true, .cwd = spec_.cwd};
  TIDEGATE_TRY(pids_.child, os::spawn(command, {.new_session = true,
                                                .death_signal = SIGKILL,
                                                .stdout_fd = child_output.get(),
                                                .stderr_fd = child_output.get()}));
  pids_.shim = ::getpid();
  pids_.child_start = start_time_of(pids_.child).value_or(0);
  if (spec_.sandboxed) {
    search_end_ = clock_.mono() + kSearchMax;
  } else {
    pids_.replica = pids_.child;
    replica_ = open_pid(pids_.child);
  }
  publish_pids();
  // Whoever asked before the pid was there to be signalled has left only this file.
  if (read_stop(folder_)) ask_to_end();
  return {};
}

void Shim::turn() {
  pollfd waiting[] = {{.fd = signals_.get(), .events = POLLIN, .revents = 0},
                      {.fd = output_.get(), .events = POLLIN, .revents = 0}};
  ::poll(waiting, 2, static_cast<int>(time_to_sleep().count()));
  if (search_end_) look_for_replica();
  if (waiting[1].revents != 0) read_output();
  if (waiting[0].revents != 0) read_signals();
  if (kill_at_ && clock_.mono() >= *kill_at_ && !ended_) {
    killed_by_us_ = true;
    kill_at_ = clock_.mono() + Milliseconds(100);  // again, until it is gone
    kill_group();
  }
}

Milliseconds Shim::time_to_sleep() const {
  if (search_end_) return kSearchPeriod;
  if (!kill_at_) return Milliseconds(-1);
  return std::max(Milliseconds(0), std::chrono::ceil<Milliseconds>(*kill_at_ - clock_.mono()));
}

void Shim::read_signals() {
  signalfd_siginfo info;
  bool asked = false;
  while (::read(signals_.get(), &info, sizeof info) == sizeof info) {
    asked = asked || info.ssi_signo == SIGTERM;
  }
  note_ended_children();
  if (asked && !ended_) ask_to_end();
}

void Shim::read_output() {
  char buffer[1 << 16];
  ssize_t n = ::read(output_.get(), buffer, sizeof buffer);
  if (n > 0) return log_.write({buffer, static_cast<std::size_t>(n)});
  if (n < 0 && (errno == EAGAIN || errno == EINTR)) return;
  output_.reset();  // closed by everybody; poll ignores a negative descriptor
}

// Orphans of the replica come to us too (we are their subreaper), so every child is reaped.
void Shim::note_ended_children() {
  for (;;) {
    siginfo_t info{};
    if (::waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT) != 0 || info.si_pid == 0) return;
    // As long as the child is not reaped, its number names its group and nothing else.
    if (info.si_pid == pids_.child) kill_group();
    int status = 0;
    ::waitpid(info.si_pid, &status, 0);
    if (info.si_pid != pids_.child) continue;
    ended_ = true;
    wait_status_ = status;
  }
}

void Shim::look_for_replica() {
  auto found = program_in_sandbox(pids_.child);
  if (!found && clock_.mono() < *search_end_) return;
  search_end_.reset();
  if (!found) return;
  pids_.replica = *found;
  replica_ = open_pid(*found);
  publish_pids();
  if (kill_at_) ask_to_end();  // the request came before there was anybody to pass it on to
}

void Shim::publish_pids() {
  Result<> written = write_pids(folder_, pids_);
  // Without it we cannot be asked to end, but the replica serves.
  if (!written) note(written.error().message);
}

void Shim::ask_to_end() {
  Milliseconds grace = read_stop(folder_).value_or(kGraceUnlessTold);
  MonoTime deadline = clock_.mono() + grace;
  // A second request may shorten the time, never lengthen it.
  if (!kill_at_ || deadline < *kill_at_) kill_at_ = deadline;
  if (replica_) ::syscall(SYS_pidfd_send_signal, replica_.get(), SIGTERM, nullptr, 0);
}

void Shim::kill_stragglers() {
  for (int round = 0; round < kStragglerRoundsMax; ++round) {
    std::vector<pid_t> left = children_of(::getpid());
    if (left.empty()) return;
    for (pid_t pid : left) {
      ::kill(pid, SIGKILL);
      ::waitpid(pid, nullptr, WNOHANG);
    }
    ::poll(nullptr, 0, round < 5 ? 1 : 10);
  }
}

void Shim::drain_output() {
  MonoTime deadline = clock_.mono() + kDrainMax;
  while (output_ && clock_.mono() < deadline) {
    pollfd waiting{.fd = output_.get(), .events = POLLIN, .revents = 0};
    if (::poll(&waiting, 1, 50) == 0) return;
    read_output();
  }
}

ReplicaExit Shim::make_exit() const {
  ReplicaExit exit{.asked = kill_at_.has_value()};
  if (WIFSIGNALED(wait_status_)) {
    exit.signal = WTERMSIG(wait_status_);
  } else {
    exit.code = WEXITSTATUS(wait_status_);
  }
  if (spec_.sandboxed && exit.code > 128 && exit.code <= 128 + 64) {
    exit.signal = exit.code - 128;
    exit.code = 0;
  }
  auto kills = out_of_memory_kills();
  exit.out_of_memory =
      exit.signal == SIGKILL && !killed_by_us_ && kills && kills_before_ && *kills > *kills_before_;
  return exit;
}

void Shim::finish() {
  kill_stragglers();
  drain_output();
  ReplicaExit exit = make_exit();
  note(fmt::format("replica {} {}", spec_.replica_id, exit.text()));
  Result<> written = write_exit(folder_, exit, clock_.wall());
  if (!written) note(written.error().message);
}

int Shim::give_up(const Error& error) {
  note(fmt::format("replica {} cannot be started: {}", spec_.replica_id, error.message));
  static_cast<void>(write_exit(folder_, {.code = 127}, clock_.wall()));
  return 1;
}

void Shim::note(std::string_view text) {
  log_.write(fmt::format("--- tidegate {} {}\n", format_iso(clock_.wall()), text));
}

bool is_same_file(int fd, const os::Path& path) {
  struct stat a{};
  struct stat b{};
  return ::fstat(fd, &a) == 0 && ::stat(path.c_str(), &b) == 0 && a.st_dev == b.st_dev &&
         a.st_ino == b.st_ino;
}

// The lock that was handed over, or (when started by hand) one of our own.
std::optional<os::UniqueFd> take_lock(const os::Path& folder) {
  os::Path path = folder / kLockFile;
  if (is_same_file(kShimLockFd, path)) {
    ::fcntl(kShimLockFd, F_SETFD, FD_CLOEXEC);  // the replica must not hold it
    return os::UniqueFd(kShimLockFd);
  }
  auto lock = os::FileLock::try_take(path);
  if (!lock || !*lock) return std::nullopt;
  return os::UniqueFd(::fcntl((*lock)->fd(), F_DUPFD_CLOEXEC, kShimLockFd));
}

int run_shim(const os::Path& folder) {
  auto lock = take_lock(folder);
  auto spec = read_spec(folder);
  if (!lock || !spec) return 1;
  RotatingLogOptions options{.size_max_bytes = spec->log_size_max_bytes,
                             .files_max = spec->log_files_max};
  auto log = RotatingLog::open(spec->log, options);
  if (!log) return 1;
  return Shim(folder, std::move(*spec), std::move(*log)).run();
}

void leave_everything_behind() {
  ::setsid();
  [[maybe_unused]] int ignored = ::chdir("/");
  ::close_range(kShimLockFd + 1, ~0U, 0);
  ::prctl(PR_SET_CHILD_SUBREAPER, 1);
  sigset_t all;
  ::sigfillset(&all);
  ::sigprocmask(SIG_SETMASK, &all, nullptr);
}

}  // namespace

int shim_main(const os::Path& replica_folder) {
  pid_t child = ::fork();
  if (child < 0) return 1;
  if (child > 0) return 0;
  leave_everything_behind();
  ::_exit(run_shim(replica_folder));
}

}  // namespace tidegate::backend::local
