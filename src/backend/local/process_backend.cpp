#include "backend/local/process_backend.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>

#include <fmt/format.h>

#include "backend/local/probe.h"
#include "backend/local/process_tree.h"
#include "backend/local/replica_log.h"
#include "backend/local/shim.h"
#include "backend/local/shim_files.h"
#include "backend/local/version_folder.h"
#include "backend/variables.h"
#include "base/ids.h"
#include "base/log.h"
#include "os/file_lock.h"

namespace tidegate::backend::local {
namespace {

namespace fs = std::filesystem;

constexpr int kFailuresMax = 3;

std::string host_name() {
  char name[256] = {};
  ::gethostname(name, sizeof name - 1);
  return name;
}

os::Path canonical_or_same(const os::Path& path) {
  std::error_code error;
  os::Path result = fs::weakly_canonical(fs::absolute(path, error), error);
  return error ? path : result;
}

// The folder without links, the name as it is: a virtual environment is known by its link's place.
std::string real_interpreter(const os::Path& interpreter) {
  return (canonical_or_same(interpreter.parent_path()) / interpreter.filename()).string();
}

// Folders that were being built, or removed, when a control ended.
void remove_leftovers(const os::Path& replicas) {
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(replicas, error)) {
    if (!entry.path().filename().string().starts_with('.')) continue;
    Result<> removed = os::remove_tree(entry.path());
    if (!removed) log(Level::warning, "leftover_not_removed", {{"error", removed.error().message}});
  }
}

bool is_still_running(const ShimPids& pids) {
  auto start = start_time_of(pids.child);
  return start && pids.child_start != 0 && *start == pids.child_start;
}

void send_signal(const os::UniqueFd& process, int signal) {
  ::syscall(SYS_pidfd_send_signal, process.get(), signal, nullptr, 0);
}

os::UniqueFd open_process(pid_t pid) {
  return os::UniqueFd(pid <= 0 ? -1 : static_cast<int>(::syscall(SYS_pidfd_open, pid, 0)));
}

}  // namespace

ProcessBackend::ProcessBackend(LocalOptions options, const Clock& clock, Random& random,
                               os::CommandRunner& runner)
    : options_(std::move(options)), clock_(clock), random_(random), node_(host_name()) {
  for (const char* folder : {"versions", "replicas"}) {
    Result<> made = os::make_directories(options_.data_dir / folder, 0700);
    if (!made) log(Level::error, "data_folder_unusable", {{"error", made.error().message}});
  }
  options_.data_dir = canonical_or_same(options_.data_dir);
  options_.server_path = canonical_or_same(options_.server_path);
  options_.tidegate_binary = canonical_or_same(options_.tidegate_binary);
  layout_.data_dir = options_.data_dir;
  remove_leftovers(layout_.replicas());
  isolation_ = options_.want_isolation
                   ? try_isolation(options_.data_dir, layout_.replicas() / ".isolation", runner)
                   : Isolation{.available = false, .text = "none (switched off)", .bubblewrap = {}};
}

Result<> ProcessBackend::prepare(const VersionPlan& plan) {
  return lay_out_version(plan, layout_, random_);
}

Result<> ProcessBackend::start(const VersionPlan& plan, const std::string& replica_id) {
  TIDEGATE_TRY_VOID(check_id(plan.version_id, "version"));
  TIDEGATE_TRY_VOID(check_id(replica_id, "replica"));
  if (!fs::exists(layout_.app(plan.version_id))) {
    return fail(Code::internal, fmt::format("version {} is not prepared", plan.version_id));
  }
  std::lock_guard lock(mutex_);
  os::Path folder = layout_.replica(replica_id);
  if (fs::exists(folder)) {
    TIDEGATE_TRY(auto shim_lock, os::FileLock::try_take(folder / kLockFile));
    bool ran = read_pids(folder).has_value() || read_exit(folder).has_value();
    if (!shim_lock || ran) return {};
    // We died between making the folder and starting the shim.
    known_.erase(replica_id);
    return launch_shim(folder, shim_lock->fd());
  }
  return create_folder(plan, replica_id);
}

Result<> ProcessBackend::create_folder(const VersionPlan& plan, const std::string& replica_id) {
  TIDEGATE_TRY(auto ids, ids_on_disk());
  TIDEGATE_TRY_VOID(prune_logs(layout_.logs(plan.version_id), options_.logs_per_version_max, ids));
  os::Path folder = layout_.replica(replica_id);
  os::Path aside = layout_.replicas() / fmt::format(".{}.{}", replica_id, random_hex(random_, 4));
  TIDEGATE_TRY_VOID(os::make_directories(aside / "run", 0700));
  TIDEGATE_TRY_VOID(os::make_directories(aside / "tmp", 0700));

  if (plan.collects_model_data) {
    TIDEGATE_TRY_VOID(check_id(plan.workspace, "workspace"));
    TIDEGATE_TRY_VOID(os::make_directories(layout_.storage(plan.workspace), 0700));
  }
  VersionPlan real = plan;
  real.interpreter = real_interpreter(plan.interpreter);
  ReplicaView view = view_of(plan, folder);
  Variables ours = passed_on(variables_of_this_process());
  std::string server_path = options_.server_path.string();
  ShimSpec spec{
      .replica_id = replica_id,
      .version_id = plan.version_id,
      .argv = isolation_.available ? sandbox_words(real, folder) : std::vector<std::string>{},
      .env = variables_of({real, replica_id, view, server_path, ours}),
      .cwd = isolation_.available ? "/" : view.app_root,
      .log = (layout_.logs(plan.version_id) / (replica_id + ".log")).string(),
      .log_size_max_bytes = options_.log_size_max_bytes,
      .log_files_max = options_.log_files_max,
      .sandboxed = isolation_.available};
  for (std::string& word : command_of(real, server_path)) spec.argv.push_back(std::move(word));
  TIDEGATE_TRY_VOID(write_spec(aside, spec));
  // The lock is taken before anybody can see the folder, and is then the shim's: a replica that
  // nobody holds has ended.
  TIDEGATE_TRY(auto shim_lock, os::FileLock::try_take(aside / kLockFile));
  if (!shim_lock) return fail(Code::internal, fmt::format("{} is locked", aside.string()));
  TIDEGATE_TRY_VOID(os::rename_durable(aside, folder));
  return launch_shim(folder, shim_lock->fd());
}

ReplicaView ProcessBackend::view_of(const VersionPlan& plan, const os::Path& folder) const {
  ReplicaView view{.app_root = layout_.app(plan.version_id).string(),
                   .socket = (folder / kSocket).string(),
                   .tmp = (folder / "tmp").string(),
                   .storage = layout_.storage(plan.workspace).string()};
  if (isolation_.available) {
    view = {.app_root = std::string(kAppInSandbox),
            .socket = fmt::format("{}/s", kRunInSandbox),
            .tmp = "/tmp",
            .storage = std::string(kStorageInSandbox)};
  }
  if (!plan.collects_model_data) view.storage.clear();
  return view;
}

std::vector<std::string> ProcessBackend::sandbox_words(const VersionPlan& plan,
                                                       const os::Path& folder) const {
  SandboxPlan sandbox{.bubblewrap = isolation_.bubblewrap,
                      .data_dir = options_.data_dir,
                      .app = layout_.app(plan.version_id),
                      .has_models = fs::exists(layout_.app(plan.version_id) / kModelsFolder),
                      .run = folder / "run",
                      .tmp = folder / "tmp",
                      .storage = plan.collects_model_data ? layout_.storage(plan.workspace) : "",
                      .needed = folders_of_interpreter(plan.interpreter),
                      .var_entries = list_var()};
  sandbox.needed.push_back(options_.server_path);
  return sandbox_argv(sandbox);
}

Result<> ProcessBackend::launch_shim(const os::Path& folder, int lock_fd) {
  os::UniqueFd nothing(::open("/dev/null", O_RDWR | O_CLOEXEC));
  if (!nothing) return fail_errno("cannot open /dev/null");
  os::Command command{.argv = {options_.tidegate_binary.string(), "shim", folder.string()},
                      .env = {},
                      .clear_env = true,
                      .cwd = "/"};
  TIDEGATE_TRY(pid_t starter,
               os::spawn(command, {.fds = {{nothing.get(), 0}, {lock_fd, kShimLockFd}},
                                   .stdout_fd = nothing.get(),
                                   .stderr_fd = nothing.get()}));
  TIDEGATE_TRY(os::ExitStatus status, os::wait_for(starter));
  if (status.ok()) return {};
  return fail(Code::internal, fmt::format("the shim of {} ended with {}",
                                          folder.filename().string(), os::describe(status)));
}

Result<> ProcessBackend::stop(const std::string& replica_id, Milliseconds grace) {
  TIDEGATE_TRY_VOID(check_id(replica_id, "replica"));
  os::Path folder = layout_.replica(replica_id);
  std::lock_guard lock(mutex_);
  TIDEGATE_TRY(bool alive, os::FileLock::is_held(folder / kLockFile));
  if (!alive) return {};
  TIDEGATE_TRY_VOID(write_stop(folder, grace));
  auto pids = read_pids(folder);
  if (!pids) return {};  // just started: the shim looks for stop.json once its pid is written
  os::UniqueFd shim = open_process(pids->shim);
  // Held again after the process was opened: then it was this shim that was opened, and no later
  // process of its number.
  TIDEGATE_TRY(bool still_alive, os::FileLock::is_held(folder / kLockFile));
  if (shim && still_alive) send_signal(shim, SIGTERM);
  return {};
}

Result<std::vector<std::string>> ProcessBackend::ids_on_disk() const {
  std::vector<std::string> ids;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(layout_.replicas(), error)) {
    std::string name = entry.path().filename().string();
    if (!name.starts_with('.')) ids.push_back(std::move(name));
  }
  if (error) {
    return fail_errno(fmt::format("cannot read {}", layout_.replicas().string()), error.value());
  }
  std::sort(ids.begin(), ids.end());
  return ids;
}

Result<std::vector<Replica>> ProcessBackend::observe() {
  {
    std::lock_guard lock(mutex_);
    TIDEGATE_TRY(auto ids, ids_on_disk());
    std::erase_if(known_, [&ids](const auto& entry) {
      return !std::binary_search(ids.begin(), ids.end(), entry.first);
    });
    for (const std::string& id : ids) TIDEGATE_TRY_VOID(update(known_[id], layout_.replica(id)));
  }
  probe_due_ones();
  std::vector<Replica> replicas;
  std::lock_guard lock(mutex_);
  for (const auto& [id, known] : known_) replicas.push_back(known.replica);
  return replicas;
}

Result<> ProcessBackend::update(Known& known, const os::Path& folder) {
  Replica& replica = known.replica;
  if (replica.exit) return {};
  if (replica.id.empty()) {
    replica.id = folder.filename().string();
    replica.node = node_;
    replica.address = "unix:" + (folder / kSocket).string();
    replica.exit_record = (folder / kExitFile).string();
    auto spec = read_spec(folder);
    if (spec) replica.version_id = spec->version_id;
    if (!spec) log(Level::warning, "replica_without_spec", {{"error", spec.error().message}});
  }
  TIDEGATE_TRY(bool alive, os::FileLock::is_held(folder / kLockFile));
  if (!alive) {
    update_after_end(known, folder);
    return {};
  }
  if (!known.pids_complete) update_from_pids(known, folder);
  replica.phase = known.answered ? ReplicaPhase::ready : ReplicaPhase::starting;
  if (fs::exists(folder / kStopFile)) replica.phase = ReplicaPhase::stopping;
  return {};
}

void ProcessBackend::update_from_pids(Known& known, const os::Path& folder) {
  auto pids = read_pids(folder);
  if (!pids || pids->replica == 0) return;
  known.replica.pid = pids->replica;
  known.pids_complete = true;
}

// The shim is gone: its last act was exit.json, or it was killed.
void ProcessBackend::update_after_end(Known& known, const os::Path& folder) {
  Replica& replica = known.replica;
  auto exit = read_exit(folder);
  auto pids = read_pids(folder);
  if (!exit && pids && is_still_running(*pids)) {
    // The kernel kills it with its shim, but perhaps not this very moment; what it started lives
    // on.
    ::kill(-pids->child, SIGKILL);
    replica.phase = ReplicaPhase::stopping;
    return;
  }
  replica.exit = exit.value_or(ReplicaExit{.lost = true});
  replica.phase = ReplicaPhase::exited;
  replica.pid = 0;
}

void ProcessBackend::probe_due_ones() {
  std::vector<std::string> ids;
  std::vector<os::Path> sockets;
  MonoTime now = clock_.mono();
  {
    std::lock_guard lock(mutex_);
    for (const auto& [id, known] : known_) {
      bool serves = known.replica.phase == ReplicaPhase::starting ||
                    known.replica.phase == ReplicaPhase::ready;
      if (!serves || (known.answered && now < known.next_probe)) continue;
      ids.push_back(id);
      sockets.push_back(layout_.replica(id) / kSocket);
    }
  }
  std::vector<bool> healthy = probe_sockets(sockets, options_.probe_time_limit, clock_);
  std::lock_guard lock(mutex_);
  for (std::size_t i = 0; i < ids.size(); ++i) {
    auto found = known_.find(ids[i]);
    if (found == known_.end()) continue;
    Known& known = found->second;
    known.failures = healthy[i] ? 0 : known.failures + 1;
    known.answered = healthy[i] || (known.answered && known.failures < kFailuresMax);
    known.next_probe = now + options_.ready_probe_period;
    if (known.replica.phase != ReplicaPhase::starting &&
        known.replica.phase != ReplicaPhase::ready) {
      continue;  // asked to stop in between
    }
    known.replica.phase = known.answered ? ReplicaPhase::ready : ReplicaPhase::starting;
  }
}

Result<> ProcessBackend::forget(const std::string& replica_id) {
  TIDEGATE_TRY_VOID(check_id(replica_id, "replica"));
  os::Path folder = layout_.replica(replica_id);
  std::lock_guard lock(mutex_);
  if (!fs::exists(folder)) return {};
  TIDEGATE_TRY(bool alive, os::FileLock::is_held(folder / kLockFile));
  if (alive) return fail(Code::conflict, fmt::format("replica {} still runs", replica_id));
  // Out of sight in one step: half a folder is never taken for a replica.
  os::Path aside = layout_.replicas() / fmt::format(".{}.{}", replica_id, random_hex(random_, 4));
  TIDEGATE_TRY_VOID(os::rename_durable(folder, aside));
  known_.erase(replica_id);
  return os::remove_tree(aside);
}

Result<> ProcessBackend::remove_version(const std::string& version_id) {
  TIDEGATE_TRY_VOID(check_id(version_id, "version"));
  return os::remove_tree(layout_.version(version_id));
}

std::string ProcessBackend::model_data_place(const std::string& workspace) const {
  return layout_.storage(workspace).string();
}

Result<std::string> ProcessBackend::logs(const std::string& version_id, std::size_t lines_max) {
  TIDEGATE_TRY_VOID(check_id(version_id, "version"));
  return newest_lines(layout_.logs(version_id), lines_max);
}

}  // namespace tidegate::backend::local
