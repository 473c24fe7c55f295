#pragma once

#include <string>
#include <vector>

#include "base/clock.h"
#include "store/blobs.h"
#include "store/database.h"

namespace tidegate::store {

// Removes those of `candidates` that no artifact, asset or model refers to.
Result<> sweep_blobs(Database& db, BlobFolder& blobs, const std::vector<std::string>& candidates);
// The same for every blob there is: after a crash, content may lie there that no row ever knew.
Result<> sweep_all_blobs(Database& db, BlobFolder& blobs);

// Removes assets that no model and no service version uses, with their artifacts and blobs. Ids
// that are not there or are used are left alone.
Result<> remove_unused_assets(Database& db, BlobFolder& blobs, std::string_view workspace,
                              const std::vector<std::string>& asset_ids);
// Uploads that were given up: unused assets and loose artifacts older than `before`.
Result<> remove_given_up_uploads(Database& db, BlobFolder& blobs, WallTime before);

}  // namespace tidegate::store
