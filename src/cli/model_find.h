#pragma once

#include <optional>
#include <string>

#include "cli/api.h"

namespace tidegate::cli {

// The model of an id, or the newest of a name, or one version of it.
Result<Json> find_model(Api& api, const std::optional<std::string>& id,
                        const std::optional<std::string>& name,
                        const std::optional<std::string>& version);

// "k=v,k2" of repeated --tag flags, escaped for a query.
std::string filter_of(const std::vector<std::string>& pairs);

}  // namespace tidegate::cli
