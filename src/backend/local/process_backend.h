// Replicas as processes of this machine.
#pragma once

#include <map>
#include <mutex>
#include <string>
#include <vector>

#include "backend/backend.h"
#include "backend/local/launch.h"
#include "backend/local/layout.h"
#include "backend/local/sandbox.h"
#include "base/clock.h"
#include "base/random.h"
#include "os/process.h"

namespace tidegate::backend::local {

struct LocalOptions {
  os::Path data_dir;         // created if need be
  os::Path tidegate_binary;  // run as `<binary> shim DIR`
  os::Path server_path;      // folder on PYTHONPATH that holds the package tidegate_server
  bool want_isolation = true;

  Milliseconds probe_time_limit{500};
  Milliseconds ready_probe_period{1'000};  // how often a ready replica is asked again
  std::uint64_t log_size_max_bytes = 16UL << 20;
  int log_files_max = 3;
  std::size_t logs_per_version_max = 20;  // of replicas that are gone
};

// A replica is alive exactly as long as its lock is held, so a new object (a new control) sees what
// the last one started without being told. A ready replica counts as starting again once three
// probes in a row have failed. Safe from any thread.
class ProcessBackend final : public Backend {
 public:
  // Everything passed by reference outlives this. runner: only to try bubblewrap, once, here.
  ProcessBackend(LocalOptions options, const Clock& clock, Random& random,
                 os::CommandRunner& runner);

  Result<> prepare(const VersionPlan& plan) override;
  Result<> start(const VersionPlan& plan, const std::string& replica_id) override;
  Result<> stop(const std::string& replica_id, Milliseconds grace) override;
  Result<std::vector<Replica>> observe() override;
  Result<> forget(const std::string& replica_id) override;
  Result<> remove_version(const std::string& version_id) override;
  Result<std::string> logs(const std::string& version_id, std::size_t lines_max) override;
  std::string model_data_place(const std::string& workspace) const override;
  std::string isolation() const override { return isolation_.text; }

 private:
  // What is remembered of a replica between two observations.
  struct Known {
    Replica replica;
    bool pids_complete = false;
    bool answered = false;  // its newest probes
    int failures = 0;       // in a row, since it answered
    MonoTime next_probe{};
  };

  Result<> create_folder(const VersionPlan& plan, const std::string& replica_id);
  Result<> launch_shim(const os::Path& folder, int lock_fd);
  ReplicaView view_of(const VersionPlan& plan, const os::Path& folder) const;
  std::vector<std::string> sandbox_words(const VersionPlan& plan, const os::Path& folder) const;
  Result<> update(Known& known, const os::Path& folder);
  void update_from_pids(Known& known, const os::Path& folder);
  void update_after_end(Known& known, const os::Path& folder);
  void probe_due_ones();
  Result<std::vector<std::string>> ids_on_disk() const;

  // Constant after construction.
  LocalOptions options_;
  const Clock& clock_;
  Random& random_;
  Layout layout_;
  std::string node_;
  Isolation isolation_;

  std::mutex mutex_;
  std::map<std::string, Known> known_;  // guarded by mutex_
};

}  // namespace tidegate::backend::local
