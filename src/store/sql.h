// How this folder talks to SQLite. Nothing here leaves src/store.
#pragma once

#include <concepts>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include <SQLiteCpp/SQLiteCpp.h>

#include "base/error.h"
#include "store/database.h"

namespace tidegate::store {

struct Database::Impl {
  os::Path file;
  SQLite::Database connection;
  int depth = 0;  // of nested transact()
};

// The one place where SQLite's exceptions become errors.
std::unexpected<Error> sql_error(const os::Path& file, const SQLite::Exception& error);

inline void bind_one(SQLite::Statement& statement, int at, std::string_view value) {
  statement.bind(at, std::string(value));
}
inline void bind_one(SQLite::Statement& statement, int at, bool value) {
  statement.bind(at, value ? 1 : 0);
}
inline void bind_one(SQLite::Statement& statement, int at, std::integral auto value) {
  statement.bind(at, static_cast<std::int64_t>(value));
}

template <class... Values>
SQLite::Statement prepare(Database& db, const char* text, const Values&... values) {
  SQLite::Statement statement(db.impl().connection, text);
  int at = 0;
  (bind_one(statement, ++at, values), ...);
  return statement;
}

// Runs a statement that returns no rows; the number of rows it changed.
template <class... Values>
Result<int> execute(Database& db, const char* text, const Values&... values) {
  try {
    return prepare(db, text, values...).exec();
  } catch (const SQLite::Exception& error) {
    return sql_error(db.impl().file, error);
  }
}

// All rows; read_row makes a value (or a Result of one) from the statement's current row.
template <class ReadRow, class... Values>
auto select(Database& db, const char* text, const ReadRow& read_row, const Values&... values) {
  using Raw = std::invoke_result_t<ReadRow, SQLite::Statement&>;
  if constexpr (requires(Raw raw) {
                  raw.has_value();
                  raw.error();
                }) {
    using Rows = std::vector<typename Raw::value_type>;
    try {
      Rows rows;
      SQLite::Statement statement = prepare(db, text, values...);
      while (statement.executeStep()) {
        Raw row = read_row(statement);
        if (!row) return Result<Rows>(std::unexpected(std::move(row.error())));
        rows.push_back(std::move(*row));
      }
      return Result<Rows>(std::move(rows));
    } catch (const SQLite::Exception& error) {
      return Result<Rows>(sql_error(db.impl().file, error));
    }
  } else {
    using Rows = std::vector<Raw>;
    try {
      Rows rows;
      SQLite::Statement statement = prepare(db, text, values...);
      while (statement.executeStep()) rows.push_back(read_row(statement));
      return Result<Rows>(std::move(rows));
    } catch (const SQLite::Exception& error) {
      return Result<Rows>(sql_error(db.impl().file, error));
    }
  }
}

// The first row, if any.
template <class ReadRow, class... Values>
auto select_one(Database& db, const char* text, const ReadRow& read_row, const Values&... values) {
  auto rows = select(db, text, read_row, values...);
  using Row = typename std::remove_reference_t<decltype(*rows)>::value_type;
  using Found = Result<std::optional<Row>>;
  if (!rows) return Found(std::unexpected(std::move(rows.error())));
  if (rows->empty()) return Found(std::nullopt);
  return Found(std::optional<Row>(std::move(rows->front())));
}

inline std::string text_at(SQLite::Statement& row, int column) {
  return row.getColumn(column).getString();
}
inline std::int64_t number_at(SQLite::Statement& row, int column) {
  return row.getColumn(column).getInt64();
}

}  // namespace tidegate::store
