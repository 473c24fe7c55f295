#pragma once

#include <memory>

#include "base/clock.h"
#include "base/random.h"
#include "store/blobs.h"
#include "store/database.h"
#include "store/operation_log.h"

namespace tidegate::store {

// What a data folder remembers: rows (DIR/tidegate.db), content (DIR/blobs), logs of operations
// (DIR/operations).
struct Store {
  // Creates what is missing (folders 0700). Fills a new database with the default workspace and its
  // compute target `machine`.
  static Result<Store> open(const os::Path& data_dir, const Clock& clock, Random& random);

  std::unique_ptr<Database> db;
  std::unique_ptr<BlobFolder> blobs;
  OperationLogs logs;
};

}  // namespace tidegate::store
