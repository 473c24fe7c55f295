#include "control/model_data.h"

#include <fmt/format.h>

#include "base/text.h"
#include "control/operation_notes.h"
#include "control/targets.h"
#include "store/workspaces.h"

namespace tidegate::control {

Result<std::string> workspace_triple(store::Database& db, std::string_view workspace) {
  TIDEGATE_TRY(auto found, store::find_workspace(db, workspace));
  if (!found) return fail(Code::not_found, fmt::format("there is no workspace {}", workspace));
  return fmt::format("{}/{}/{}", found->subscription, found->resource_group, found->name);
}

std::string model_data_folder(Context& context, const domain::ServiceSpec& spec) {
  if (!spec.settings.collect_model_data) return "";
  std::string place = context_for(context, spec).backend.model_data_place(spec.workspace);
  auto triple = workspace_triple(*context.store.db, spec.workspace);
  if (!triple) log_failure("model_data_folder", std::unexpected(triple.error()));
  if (place.empty() || !triple) return "";
  return fmt::format("{}/modeldata/{}/{}", place, lower_case(*triple), spec.name);
}

}  // namespace tidegate::control
