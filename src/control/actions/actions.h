// Doing what plan() asked for: one overload per action, one file per kind. All are called on the
// loop's thread and return at once; what may block goes to the lane or the pool. An action that
// fails says so in the log or in the operation and leaves the store as it was: the next plan asks
// again.
#pragma once

#include "control/action.h"
#include "control/context.h"
#include "control/error_json.h"
#include "control/failure.h"
#include "control/world.h"

namespace tidegate::control {

// `service` is the one the action is about; a default one for strays (plan_strays).
void execute(Context& context, const ServiceWanted& service, const Action& action);

void act(Context& context, const ServiceWanted& service, const BuildEnvironment& action);
void act(Context& context, const ServiceWanted& service, const LayOutVersion& action);
void act(Context& context, const ServiceWanted& service, const RemoveVersion& action);
void act(Context& context, const ServiceWanted& service, const ScaleVersion& action);
void act(Context& context, const ServiceWanted& service, const NoteTrouble& action);
void act(Context& context, const ServiceWanted& service, const AddReplica& action);
void act(Context& context, const ServiceWanted& service, const StartReplica& action);
void act(Context& context, const ServiceWanted& service, const NoteReady& action);
void act(Context& context, const ServiceWanted& service, const RetireReplica& action);
void act(Context& context, const ServiceWanted& service, const StopReplica& action);
void act(Context& context, const ServiceWanted& service, const ForgetReplica& action);
void act(Context& context, const ServiceWanted& service, const ReplaceReplica& action);
void act(Context& context, const ServiceWanted& service, const SwitchVersion& action);
void act(Context& context, const ServiceWanted& service, const FailVersion& action);
void act(Context& context, const ServiceWanted& service, const FinishOperation& action);
void act(Context& context, const ServiceWanted& service, const FailOperation& action);
void act(Context& context, const ServiceWanted& service, const RemoveService& action);
void act(Context& context, const ServiceWanted& service, const SetState& action);

// Shared by actions.

// The rows of the store that the action is about; nullptr: gone meanwhile.
const VersionWanted* find_version(const ServiceWanted& service, const std::string& version_id);
const store::Replica* find_replica(const ServiceWanted& service, const std::string& replica_id);

// Marks a job of the version; end_job() is called when it has ended.
void begin_job(Context& context, const std::string& version_id);
void end_job(Context& context, const std::string& version_id);

// The version is given up, with the reason for the operation and the service.
void fail_version(Context& context, const std::string& version_id, const ErrorBody& body);

// Counts it, and puts the next start off.
void note_crash(Context& context, const std::string& version_id, const std::string& failure);

}  // namespace tidegate::control
