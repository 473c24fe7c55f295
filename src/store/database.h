#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <span>

#include "base/error.h"
#include "os/file.h"

namespace tidegate::store {

// One SQLite file: WAL, every commit on disk before it returns (synchronous=FULL), foreign keys on.
// Belongs to one thread. What reads and writes rows are functions in one file per noun (models.h
// ...); each is atomic by itself.
class Database {
 public:
  // Creates the file (mode 0600) or brings an older one to the newest schema. A database of a newer
  // schema is Code::conflict with both numbers named.
  static Result<std::unique_ptr<Database>> open(const os::Path& file);
  static Result<std::unique_ptr<Database>> open_for_test(const os::Path& file,
                                                         std::span<const char* const> migrations);
  ~Database();
  Database(const Database&) = delete;

  // Runs `body` as one transaction: all of it is on disk when this returns, or, after an error (of
  // body or of the commit), none of it. Inside another transact() it joins that one; an error must
  // then be handed up.
  Result<> transact(const std::function<Result<>()>& body);

  // Grows with every row written through this object: unchanged means that nothing was written.
  std::uint64_t changes() const;

  struct Impl;
  Impl& impl() { return *impl_; }  // for sql.h alone

 private:
  explicit Database(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace tidegate::store
