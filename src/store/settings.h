#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "store/database.h"

namespace tidegate::store {

// Small facts of the data folder that are not about any object, by name.
Result<std::optional<std::string>> find_setting(Database& db, std::string_view name);
Result<> put_setting(Database& db, std::string_view name, std::string_view value);

}  // namespace tidegate::store
