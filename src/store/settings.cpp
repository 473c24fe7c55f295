#include "store/settings.h"

#include "store/sql.h"

namespace tidegate::store {

Result<std::optional<std::string>> find_setting(Database& db, std::string_view name) {
  return select_one(
      db, "SELECT value FROM settings WHERE name = ?",
      [](SQLite::Statement& row) { return text_at(row, 0); }, name);
}

Result<> put_setting(Database& db, std::string_view name, std::string_view value) {
  TIDEGATE_TRY([[maybe_unused]] int rows,
               execute(db,
                       "INSERT INTO settings (name, value) VALUES (?, ?) "
                       "ON CONFLICT (name) DO UPDATE SET value = excluded.value",
                       name, value));
  return {};
}

}  // namespace tidegate::store
