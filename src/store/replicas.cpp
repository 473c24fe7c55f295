#include "store/replicas.h"

#include "store/sql.h"
#include "store/values.h"

namespace tidegate::store {

Result<> add_replica(Database& db, const Replica& replica) {
  TIDEGATE_TRY([[maybe_unused]] int rows,
               execute(db,
                       "INSERT INTO replicas (id, version_id, retiring, was_ready, created) "
                       "VALUES (?, ?, ?, ?, ?)",
                       replica.id, replica.version_id, replica.retiring, replica.was_ready,
                       to_micros(replica.created)));
  return {};
}

Result<> update_replica(Database& db, const Replica& replica) {
  TIDEGATE_TRY(int rows, execute(db, "UPDATE replicas SET retiring = ?, was_ready = ? WHERE id = ?",
                                 replica.retiring, replica.was_ready, replica.id));
  if (rows == 0) return fail(Code::not_found, "no replica with id " + replica.id);
  return {};
}

Result<> remove_replica(Database& db, std::string_view id) {
  TIDEGATE_TRY([[maybe_unused]] int rows, execute(db, "DELETE FROM replicas WHERE id = ?", id));
  return {};
}

Result<std::vector<Replica>> list_replicas(Database& db) {
  return select(db,
                "SELECT id, version_id, retiring, was_ready, created FROM replicas "
                "ORDER BY created, id",
                [](SQLite::Statement& row) {
                  return Replica{text_at(row, 0), text_at(row, 1), number_at(row, 2) != 0,
                                 number_at(row, 3) != 0, from_micros(number_at(row, 4))};
                });
}

}  // namespace tidegate::store
