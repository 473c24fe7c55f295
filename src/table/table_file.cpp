#include "table/table_file.h"

namespace tidegate::table {

Result<> write_table(const os::Path& path, const Table& table) {
  return os::write_file_atomic(path, encode(table), 0600);
}

Result<std::optional<Table>> read_table(const os::Path& path) {
  Result<std::string> bytes = os::read_file(path);
  if (!bytes && bytes.error().code == Code::not_found) return std::nullopt;
  if (!bytes) return std::unexpected(bytes.error());
  Result<Table> table = decode(*bytes);
  if (!table) return fail_at(path.string(), table.error());
  return std::optional(std::move(*table));
}

}  // namespace tidegate::table
