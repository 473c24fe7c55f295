#pragma once

#include <string>
#include <string_view>

#include "store/workspaces.h"

namespace tidegate::control {

// "/subscriptions/.../workspaces/<name>", the {WS} of routes.
std::string workspace_path(const store::Workspace& workspace);
std::string workspace_path(store::Database& db, std::string_view name);

}  // namespace tidegate::control
