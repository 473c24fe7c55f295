#include "app/supervisor.h"

#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>

#include <fmt/format.h>

#include "base/log.h"

namespace tidegate::app {
namespace {

constexpr Milliseconds kForEver{60'000};

Result<os::UniqueFd> open_signals() {
  sigset_t set;
  ::sigemptyset(&set);
  for (int number : {SIGTERM, SIGINT, SIGHUP, SIGCHLD}) ::sigaddset(&set, number);
  ::sigprocmask(SIG_BLOCK, &set, nullptr);
  os::UniqueFd fd(::signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK));
  if (!fd) return fail_errno("cannot receive signals");
  return fd;
}

}  // namespace

Supervisor::Supervisor(std::vector<ChildSpec> children, const Clock& clock,
                       std::function<void()> before_stop)
    : clock_(clock), before_stop_(std::move(before_stop)) {
  for (ChildSpec& spec : children) {
    children_.push_back(
        {.spec = std::move(spec), .policy = {}, .started = {}, .start_at = clock.mono()});
  }
}

Result<> Supervisor::run() {
  ::prctl(PR_SET_CHILD_SUBREAPER, 1);
  TIDEGATE_TRY(os::UniqueFd signals, open_signals());
  while (!stopping_ || stopping_index_ < children_.size()) {
    if (!stopping_) {
      if (auto started = start_due_children(); !started) {
        fatal_ = started.error();
        begin_stop();
        continue;
      }
    }
    pollfd waiting{.fd = signals.get(), .events = POLLIN, .revents = 0};
    ::poll(&waiting, 1, static_cast<int>(until_next_event().count()));
    signalfd_siginfo info;
    while (::read(signals.get(), &info, sizeof info) == sizeof info) {
      if (info.ssi_signo == SIGCHLD) continue;
      // Asked twice: somebody is in a hurry.
      if (stopping_) kill_at_ = clock_.mono();
      if (!stopping_) begin_stop();
    }
    reap();
    if (stopping_) stop_next();
  }
  if (fatal_) return std::unexpected(*fatal_);
  return {};
}

Result<> Supervisor::start_due_children() {
  for (Child& child : children_) {
    if (!child.start_at || *child.start_at > clock_.mono()) continue;
    TIDEGATE_TRY(child.pid, os::spawn(child.spec.command, {.new_session = true,
                                                           .death_signal = child.spec.death_signal,
                                                           .fds = child.spec.fds}));
    child.started = clock_.mono();
    child.start_at.reset();
    log(Level::info, "child_started", {{"role", child.spec.role}, {"pid", child.pid}});
  }
  return {};
}

Milliseconds Supervisor::until_next_event() const {
  MonoTime next = clock_.mono() + kForEver;
  if (kill_at_) next = std::min(next, *kill_at_);
  for (const Child& child : children_) {
    if (child.start_at && !stopping_) next = std::min(next, *child.start_at);
  }
  auto wait = std::chrono::ceil<Milliseconds>(next - clock_.mono());
  return std::max(wait, Milliseconds(0));
}

void Supervisor::reap() {
  int status = 0;
  for (pid_t pid; (pid = ::waitpid(-1, &status, WNOHANG)) > 0;) {
    auto child = std::find_if(children_.begin(), children_.end(),
                              [&](const Child& c) { return c.pid == pid; });
    if (child == children_.end()) continue;  // an orphaned shim: nothing to do but to reap it
    os::ExitStatus exit;
    if (WIFSIGNALED(status)) exit.signal = WTERMSIG(status);
    if (WIFEXITED(status)) exit.code = WEXITSTATUS(status);
    on_exit(*child, exit);
  }
}

void Supervisor::on_exit(Child& child, const os::ExitStatus& status) {
  child.pid = 0;
  auto lived = std::chrono::duration_cast<Milliseconds>(clock_.mono() - child.started);
  if (stopping_) return;
  if (status.signal == 0 && status.code == kExitNotStartable) {
    fatal_ =
        Error{Code::internal, fmt::format("{} cannot start; it said why above", child.spec.role)};
    begin_stop();
    return;
  }
  Milliseconds delay = child.policy.delay_after(lived);
  child.start_at = clock_.mono() + delay;
  log(Level::warning, "child_ended",
      {{"role", child.spec.role},
       {"how", os::describe(status)},
       {"lived_ms", lived.count()},
       {"again_in_ms", delay.count()}});
}

void Supervisor::begin_stop() {
  stopping_ = true;
  log(Level::info, "stopping");
  before_stop_();
  stop_next();
}

// One child after the other: asks it, kills it when its time is over, goes on when it is gone.
void Supervisor::stop_next() {
  while (stopping_index_ < children_.size()) {
    Child& child = children_[stopping_index_];
    if (child.pid == 0) {
      ++stopping_index_;
      kill_at_.reset();
      continue;
    }
    if (!kill_at_) {
      ::kill(child.pid, SIGTERM);
      kill_at_ = clock_.mono() + child.spec.stop_limit;
    } else if (clock_.mono() >= *kill_at_) {
      log(Level::warning, "child_killed", {{"role", child.spec.role}, {"pid", child.pid}});
      ::kill(child.pid, SIGKILL);
      kill_at_ = clock_.mono() + Milliseconds(1'000);
    }
    return;
  }
}

}  // namespace tidegate::app
