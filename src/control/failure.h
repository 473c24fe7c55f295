// Why a deployment or a replica failed, told so that a person can go on: the cause, what it printed
// last, the object, the next step.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "backend/backend.h"
#include "control/error_json.h"
#include "os/file.h"

namespace tidegate::control {

// What a replica left behind.
struct Evidence {
  std::string stage;  // "import", "check", "init", "start"; empty: the scoring server said nothing
  std::string message;  // one line: "ValueError: no such column"
  std::string traceback;
  std::string log_tail;  // more lines than an error shows: for the operation's log
};

// As many lines of a log as an error shows.
std::string last_lines(std::string_view log_tail);

// Of a message whose other lines are a traceback.
std::string first_line(std::string_view text);
// A log without the traceback that `told` ends with: nobody reads it twice.
std::string_view before_traceback(std::string_view log_tail, std::string_view told);

// Reads files: for workers.
Evidence collect_evidence(const os::Path& data_dir, backend::Backend& backend,
                          const std::string& version_id, const std::string& replica_id);

struct FailedReplica {
  std::string service;
  std::string replica_id;
  std::string reason;  // "exited with code 3", "init() has not returned after 310 s"
  Evidence evidence;
};

// One line: "init() failed: ValueError: no such column (replica x exited with code 3)".
std::string cause_of(const FailedReplica& failed);
// The platform's words for a container that does not come up, ours for the cause.
ErrorBody crash_error(const FailedReplica& failed);
// The same as a cluster tells it; log_tail may be empty.
ErrorBody trouble_error(const std::string& service, const backend::Trouble& trouble,
                        std::string_view log_tail);
// One line: "Unschedulable: 0/3 nodes are available".
std::string text_of(const backend::Trouble& trouble);
// The error in a service's row while it is unhealthy or unschedulable, as JSON text.
std::string state_error(const std::string& service, const std::string& reason,
                        const std::optional<backend::Trouble>& trouble);
// A step before any replica was started.
ErrorBody step_error(std::string code, const std::string& service, const Error& error);

}  // namespace tidegate::control
