#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "domain/operation.h"
#include "store/database.h"

namespace tidegate::store {

// What waits for what right now (Operation::waiting_for) is not stored: it changes every second.
struct StoredOperation {
  domain::Operation operation;
  std::string service_id;
  std::vector<std::string> warnings;
};

Result<> add_operation(Database& db, const StoredOperation& operation);
Result<> update_operation(Database& db, const StoredOperation& operation);  // by id, every column
Result<std::optional<StoredOperation>> find_operation(Database& db, std::string_view id);
// Those that have not ended, oldest first.
Result<std::vector<StoredOperation>> list_running_operations(Database& db);
// The newest of that service name and kind.
Result<std::optional<StoredOperation>> find_newest_operation(Database& db,
                                                             std::string_view workspace,
                                                             std::string_view service_name,
                                                             std::string_view kind);
// Of each service name the newest of that kind, oldest first.
Result<std::vector<StoredOperation>> list_newest_operations(Database& db,
                                                            std::string_view workspace,
                                                            std::string_view kind);
// The operation stays, what was asked for is no longer kept.
Result<> forget_request(Database& db, std::string_view id);
// Removes those that ended before `before`; returns their ids, for their logs.
Result<std::vector<std::string>> remove_old_operations(Database& db, WallTime before);

}  // namespace tidegate::store
