// Making replicas exist. One interface, one implementation per kind of compute target: local/
// (processes on this machine); kubernetes/ later. Decides nothing: control's plan says what should
// be.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/error.h"
#include "domain/model.h"
#include "domain/service.h"
#include "os/file.h"

namespace tidegate::backend {

// A blob of the store to be laid into the replica's folder.
struct FileSource {
  os::Path source;     // a blob: never handed out for writing
  std::string target;  // relative to the app root, e.g. "azureml-models/mymodel/1/model.pkl"
  bool executable = false;
};

// All that a replica of one service version needs. The version's app folder is laid out once
// (prepare), each replica then runs from it.
struct VersionPlan {
  std::string version_id;  // "<service id>.<generation>"
  std::string workspace;
  std::string service_name;
  std::string compute_name;      // COMPUTE_NAME, may be empty
  std::string interpreter;       // absolute path of the environment's Python
  std::string entry_script;      // relative to the app root
  std::string source_directory;  // AZUREML_SOURCE_DIRECTORY, may be empty
  os::Path source_tree;          // unpacked source to copy in, may be empty
  std::vector<FileSource> model_files;
  std::vector<domain::ModelRef> models;
  std::map<std::string, std::string> variables;  // the environment's own environmentVariables
  int max_concurrent = 1;
  int scoring_timeout_ms = 60'000;
  std::uint64_t body_max_bytes = 100UL << 20;
};

enum class ReplicaPhase {
  starting,  // process is there, init() has not returned
  ready,     // answers its probe
  stopping,
  exited,  // for good; exit says why
};

// How a replica ended, from its shim: outlives a crash of control.
struct ReplicaExit {
  int code = 0;
  int signal = 0;              // 0: exited by itself
  bool out_of_memory = false;  // the kernel killed it for memory
  bool asked = false;          // we had asked it to stop
  bool lost = false;  // its shim was killed too (or never ran): code and signal are not known
  std::string text() const;  // "exited with code 3", "killed by signal 9 (Killed), out of memory"
};

struct Replica {
  std::string id;  // opaque, unique for ever
  std::string version_id;
  ReplicaPhase phase = ReplicaPhase::starting;
  std::string address;  // http::Address::text(), known from the start
  int pid = 0;          // of the user's Python process, 0 if none
  std::string node;     // host name, for people
  std::optional<ReplicaExit> exit;
};

class Backend {
 public:
  virtual ~Backend() = default;

  // Lays out what all replicas of the version share. Idempotent, atomic: half a layout is never
  // seen.
  virtual Result<> prepare(const VersionPlan& plan) = 0;
  // Starts one replica and returns at once. `replica_id` is chosen by the caller, so that a retry
  // after a crash does not start a second one (an existing id is success).
  virtual Result<> start(const VersionPlan& plan, const std::string& replica_id) = 0;
  // Asks it to drain and end; SIGKILL after `grace`. Returns at once. Stopping what is gone is
  // success.
  virtual Result<> stop(const std::string& replica_id, Milliseconds grace) = 0;
  // Everything that exists, exited ones included until forget(). Probes; called often (every ~100
  // ms while something changes), so cheap. Never blocks longer than a probe's time limit.
  virtual Result<std::vector<Replica>> observe() = 0;
  // Removes what is left of an exited replica (its log stays with the version until
  // remove_version).
  virtual Result<> forget(const std::string& replica_id) = 0;
  virtual Result<> remove_version(const std::string& version_id) = 0;

  // The newest lines of the version's replicas, running or not.
  virtual Result<std::string> logs(const std::string& version_id, std::size_t lines_max) = 0;
  // For serve and `service show`: "bubblewrap", "none (reason)".
  virtual std::string isolation() const = 0;
};

}  // namespace tidegate::backend
