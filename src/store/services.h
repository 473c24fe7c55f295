#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "domain/service.h"
#include "store/database.h"

namespace tidegate::store {

struct StoredService {
  domain::Service service;
  int last_generation = 1;  // the highest number ever used, also by an update that failed
  bool deleting = false;    // wanted gone; the row goes when nothing of it is left
};

Result<> add_service(Database& db, const StoredService& service);     // taken name: Code::conflict
Result<> update_service(Database& db, const StoredService& service);  // by id, every column
Result<> remove_service(Database& db, std::string_view id);
Result<std::optional<StoredService>> find_service(Database& db, std::string_view workspace,
                                                  std::string_view name);
Result<std::optional<StoredService>> find_service_by_id(Database& db, std::string_view id);
Result<std::vector<StoredService>> list_services(Database& db);  // by time of creation

}  // namespace tidegate::store
