#include "store/database.h"

#include <fcntl.h>
#include <sqlite3.h>
#include <sys/stat.h>

#include <fmt/format.h>

#include "base/check.h"
#include "os/fd.h"
#include "store/migrations.h"
#include "store/sql.h"

namespace tidegate::store {
namespace {

constexpr int kBusyTimeoutMs = 5'000;

// SQLite gives its -wal and -shm files the mode of the main file, so this settles all three.
Result<> create_private(const os::Path& file) {
  os::UniqueFd fd(::open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
  if (!fd || ::fchmod(fd.get(), 0600) != 0) {
    return fail_errno(fmt::format("cannot open {}", file.string()));
  }
  return {};
}

void configure(SQLite::Database& connection) {
  connection.setBusyTimeout(kBusyTimeoutMs);
  connection.exec("PRAGMA journal_mode = WAL");
  connection.exec("PRAGMA synchronous = FULL");  // NORMAL loses the last commits at a power cut
  connection.exec("PRAGMA foreign_keys = ON");
  connection.exec("PRAGMA secure_delete = ON");  // rows hold keys
}

int schema_of(SQLite::Database& connection) {
  return connection.execAndGet("PRAGMA user_version").getInt();
}

Result<> migrate(Database& db, std::span<const char* const> scripts) {
  SQLite::Database& connection = db.impl().connection;
  int newest = static_cast<int>(scripts.size());
  int schema = schema_of(connection);
  if (schema > newest) {
    return fail(
        Code::conflict,
        fmt::format("{} has schema {}, this tidegate knows schemas up to {}: it was written by a "
                    "newer version; run that one or use another data folder",
                    db.impl().file.string(), schema, newest));
  }
  for (int next = schema + 1; next <= newest; ++next) {
    TIDEGATE_TRY_VOID(db.transact([&]() -> Result<> {
      connection.exec(scripts[static_cast<std::size_t>(next - 1)]);
      connection.exec(fmt::format("PRAGMA user_version = {}", next));
      return {};
    }));
  }
  return {};
}

Code code_of(int sqlite_code) {
  switch (sqlite_code & 0xff) {
    case SQLITE_FULL:
      return Code::exhausted;
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      return Code::unavailable;
    case SQLITE_CONSTRAINT:
      return Code::conflict;
    default:
      return Code::internal;
  }
}

}  // namespace

std::unexpected<Error> sql_error(const os::Path& file, const SQLite::Exception& error) {
  return fail(code_of(error.getErrorCode()), fmt::format("{}: {}", file.string(), error.what()));
}

Database::Database(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Database::~Database() = default;

Result<std::unique_ptr<Database>> Database::open(const os::Path& file) {
  return open_for_test(file, migrations());
}

Result<std::unique_ptr<Database>> Database::open_for_test(const os::Path& file,
                                                          std::span<const char* const> scripts) {
  TIDEGATE_TRY_VOID(create_private(file));
  try {
    auto impl = std::unique_ptr<Impl>(
        new Impl{file, SQLite::Database(file.string(), SQLite::OPEN_READWRITE)});
    auto db = std::unique_ptr<Database>(new Database(std::move(impl)));
    configure(db->impl().connection);
    TIDEGATE_TRY_VOID(migrate(*db, scripts));
    return db;
  } catch (const SQLite::Exception& error) {
    return sql_error(file, error);
  }
}

Result<> Database::transact(const std::function<Result<>()>& body) {
  if (impl_->depth > 0) return body();
  try {
    SQLite::Transaction transaction(impl_->connection, SQLite::TransactionBehavior::IMMEDIATE);
    ++impl_->depth;
    Result<> done;
    try {
      done = body();
    } catch (const SQLite::Exception& error) {
      done = sql_error(impl_->file, error);
    }
    --impl_->depth;
    TIDEGATE_CHECK(impl_->depth == 0);
    if (!done) return done;  // ~Transaction rolls back
    transaction.commit();
    return {};
  } catch (const SQLite::Exception& error) {
    return sql_error(impl_->file, error);
  }
}

std::uint64_t Database::changes() const {
  return static_cast<std::uint64_t>(sqlite3_total_changes64(impl_->connection.getHandle()));
}

}  // namespace tidegate::store
