// Making replicas exist. One interface, one implementation per kind of compute target: local/
// (processes on this machine), kubernetes/ (pods of a cluster). Decides nothing: control's plan
// says what should be.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/error.h"
#include "base/secret.h"
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
  std::string entry_script;      // relative to the app root; empty: by `framework`
  std::string framework;         // the scoring server's own script for its models; empty: none
  std::string source_directory;  // AZUREML_SOURCE_DIRECTORY, may be empty
  os::Path source_tree;          // unpacked source to copy in, may be empty
  os::Path source_archive;       // the same as tar.gz, a blob; for backends that ship it elsewhere
  std::vector<FileSource> model_files;
  std::vector<domain::ModelRef> models;
  std::map<std::string, std::string> variables;  // the environment's own environmentVariables
  int max_concurrent = 1;
  int scoring_timeout_ms = 60'000;
  std::uint64_t body_max_bytes = 100UL << 20;
  bool collects_model_data = false;
  std::string workspace_triple;  // "<subscription>/<resource group>/<workspace>"; where data go

  // For backends that keep the count themselves.
  std::string image;      // of the environment, by digest
  Secret replica_secret;  // what a request must show to be let in; the router knows it too
  domain::Resources resources;
  domain::Probe probe;
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
  // Path of a JSON file whose member `text` will tell how it ended, as soon as it has; empty: there
  // is none on this machine.
  std::string exit_record = {};
};

// What keeps a version from running, as the cluster says it.
struct Trouble {
  std::string code;        // "Unschedulable", "ImagePullFailed", "InitContainerFailed",
                           // "CrashLoopBackOff", "OutOfMemory", "Forbidden", "NamespaceGone",
                           // "NamespaceTerminating"
  std::string message;     // cause and object: the scheduler's numbers, the traceback of init()
  std::string next_step;   // what a person can do
  std::string replica_id;  // may be empty
  bool is_final = false;   // waiting will not help
};

// A version as a backend that keeps the count shows it.
struct VersionSeen {
  std::string version_id;
  int wanted = 0;  // replicas that were asked for
  std::optional<Trouble> trouble;
};

class Backend {
 public:
  virtual ~Backend() = default;

  // True: the backend is given a number by scale() and makes, repairs and replaces replicas itself;
  // their ids are its own. False: control starts and stops each one.
  virtual bool keeps_count() const { return false; }
  // keeps_count() only. After prepare(); 0 stops all. Returns at once; idempotent.
  virtual Result<> scale(const std::string& version_id, int count);
  // keeps_count() only. As cheap as observe().
  virtual Result<std::vector<VersionSeen>> observe_versions();

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
  // For people: where replicas of the workspace have their folder `modeldata`, a path or the name
  // of a volume with ": "; empty: they cannot collect model data here.
  virtual std::string model_data_place(const std::string& workspace) const;

  // For serve and `service show`: "bubblewrap", "none (reason)".
  virtual std::string isolation() const = 0;
};

}  // namespace tidegate::backend
