// Attaching and detaching clusters: long changes of compute targets, followed like those of
// services.
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "control/context.h"
#include "domain/complaints.h"
#include "domain/compute.h"
#include "store/operations.h"

namespace tidegate::control {

// Of Operation::kind. Operation::service_name is "computes/<name>": no service is called so.
inline constexpr std::string_view kAttachCompute = "AttachCompute";
inline constexpr std::string_view kDetachCompute = "DetachCompute";

// Everything that is missing, asked for on a worker; told on the loop. Nothing is changed.
void check_attachment(Context& context, const domain::ComputeTarget& target,
                      const std::function<void(domain::Complaints)>& done);

// Gives the operation's id; the rest goes on by itself. The row is there when it has succeeded;
// after a failure there is neither a row nor anything in the cluster.
Result<std::string> start_attach(Context& context, const domain::ComputeTarget& target);
// The same for a target that has a row: when it has succeeded, the row is gone. Forced: also if
// services are deployed there, or the cluster cannot be reached.
Result<std::string> start_detach(Context& context, const domain::ComputeTarget& target,
                                 bool is_forced);

// The attach or detach of that target that is under way.
Result<std::optional<store::StoredOperation>> running_change(Context& context,
                                                             const std::string& workspace,
                                                             const std::string& name);

// How many routers are ready and wanted, {"ready": 1, "wanted": 3}, or {"error": "..."}; asked for
// on a worker, told on the loop.
void ask_routers(Context& context, const domain::ComputeTarget& target,
                 const std::function<void(Json)>& done);

// Once, at the start: changes that the end of an earlier control cut short have failed.
Result<> end_cut_changes(Context& context);

}  // namespace tidegate::control
