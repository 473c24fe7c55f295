#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "domain/compute.h"
#include "store/database.h"

namespace tidegate::store {

Result<> add_compute(Database& db, const domain::ComputeTarget& target);  // taken name: conflict
Result<std::optional<domain::ComputeTarget>> find_compute(Database& db, std::string_view workspace,
                                                          std::string_view name);
// By name, every other column. Code::not_found: there is none.
Result<> update_compute(Database& db, const domain::ComputeTarget& target);
// By time of creation.
Result<std::vector<domain::ComputeTarget>> list_computes(Database& db, std::string_view workspace);
Result<> remove_compute(Database& db, std::string_view workspace, std::string_view name);

}  // namespace tidegate::store
