#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "domain/model.h"
#include "store/database.h"

namespace tidegate::store {

// Gives the next version number of that name, from 1. model.version is ignored.
Result<domain::Model> add_model(Database& db, std::string_view workspace, domain::Model model);
Result<std::optional<domain::Model>> find_model(Database& db, std::string_view workspace,
                                                const domain::ModelRef& ref);
// All, newest first; with a name, the versions of that name.
Result<std::vector<domain::Model>> list_models(Database& db, std::string_view workspace,
                                               std::string_view name = {});

}  // namespace tidegate::store
