#include "control/model_data.h"

#include <algorithm>
#include <cctype>

#include <fmt/format.h>

#include "control/operation_notes.h"
#include "control/targets.h"
#include "store/workspaces.h"

namespace tidegate::control {
namespace {

std::string lower(std::string text) {
  std::ranges::transform(text, text.begin(),
                         [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return text;
}

}  // namespace

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
  return fmt::format("{}/modeldata/{}/{}", place, lower(*triple), spec.name);
}

}  // namespace tidegate::control
