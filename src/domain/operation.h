#pragma once

#include <string>

#include "base/clock.h"

namespace tidegate::domain {

enum class OperationState { not_started, running, succeeded, failed, cancelled, timed_out };
std::string_view state_name(OperationState state);  // "NotStarted", "Running", "Succeeded", ...
inline bool is_final(OperationState state) {
  return state > OperationState::running;
}

// A long-running change, kept for days after its end. Its log is a text file of lines
// `yyyymmddHHMMSS|text`, UTC.
struct Operation {
  std::string id;
  std::string kind;  // "CreateService", "UpdateService", "DeleteService"
  std::string workspace;
  std::string service_name;
  OperationState state = OperationState::not_started;
  std::string step;         // "BuildEnvironment", "DeployService": subOperationType
  std::string waiting_for;  // one line for people: what it waits for right now
  std::string error;        // JSON text {code, statusCode, message, details}
  std::string request;      // JSON text of a create request, for the record of a failed one
  WallTime created;
  WallTime ended;
};

}  // namespace tidegate::domain
