// Where the rows go that scripts collect with ModelDataCollector.
#pragma once

#include <string>
#include <string_view>

#include "base/error.h"
#include "control/context.h"
#include "domain/service.h"
#include "store/database.h"

namespace tidegate::control {

// "<subscription>/<resource group>/<workspace>", what collectors call a workspace.
Result<std::string> workspace_triple(store::Database& db, std::string_view workspace);

// For people: the folder of a service that collects, wherever it runs; empty: it collects nothing.
// Collectors lower the workspace's name, and a script may name another workspace or service.
std::string model_data_folder(Context& context, const domain::ServiceSpec& spec);

}  // namespace tidegate::control
