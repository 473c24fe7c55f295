// What plan() may ask for. Data only; doing it is in actions/, one file each.
#pragma once

#include <optional>
#include <string>
#include <variant>

#include "backend/backend.h"
#include "base/clock.h"
#include "domain/service.h"

namespace tidegate::control {

struct BuildEnvironment {
  std::string version_id;
};  // jobs: they take their time
struct LayOutVersion {
  std::string version_id;
};
struct RemoveVersion {
  std::string version_id;
};
struct ScaleVersion {
  std::string version_id;
  int count = 0;
};  // backends that keep the count
struct NoteTrouble {
  std::string version_id;
  backend::Trouble trouble;
};  // into the operation, at once

struct AddReplica {
  std::string version_id;
};  // a new row, then its process
struct StartReplica {
  std::string version_id, replica_id;
};  // the row is there, the process is not
struct NoteReady {
  std::string replica_id;
};
struct RetireReplica {
  std::string version_id, replica_id, reason;
  bool crashed = false;
};
struct StopReplica {
  std::string replica_id;
  Milliseconds grace{0};
};
struct ForgetReplica {
  std::string replica_id;
};  // ended as asked: remove what is left of it
struct ReplaceReplica {
  std::string version_id, replica_id;
};  // ended by itself: note why, remove

struct SwitchVersion {
  std::string version_id;
};  // it becomes the current one, the old one drains
struct FailVersion {  // it never became current; the old one stays
  std::string version_id;
  std::string replica_id;  // the one that ended or hangs
  std::string reason;
  bool exited = true;                       // false: hangs
  std::optional<backend::Trouble> trouble;  // the same, as a cluster tells it
};
struct FinishOperation {
  std::string service_id;
};  // successfully, or as the error in it says
struct FailOperation {
  std::string service_id, reason;
  std::optional<backend::Trouble> trouble;
};
struct RemoveService {
  std::string service_id;
};  // nothing of it is left
struct SetState {
  std::string service_id;
  domain::ServiceState state;
  std::string reason;
  std::optional<backend::Trouble> trouble;
};

using Action = std::variant<BuildEnvironment, LayOutVersion, RemoveVersion, ScaleVersion,
                            NoteTrouble, AddReplica, StartReplica, NoteReady, RetireReplica,
                            StopReplica, ForgetReplica, ReplaceReplica, SwitchVersion, FailVersion,
                            FinishOperation, FailOperation, RemoveService, SetState>;

}  // namespace tidegate::control
