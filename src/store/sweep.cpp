#include "store/sweep.h"

#include "store/assets.h"
#include "store/sql.h"

namespace tidegate::store {
namespace {

Result<bool> is_referenced(Database& db, const std::string& sha256) {
  TIDEGATE_TRY(auto user, select_one(
                              db,
                              "SELECT 1 FROM artifacts WHERE sha256 = ?1 UNION ALL "
                              "SELECT 1 FROM asset_files WHERE sha256 = ?1 UNION ALL "
                              "SELECT 1 FROM model_files WHERE sha256 = ?1 LIMIT 1",
                              [](SQLite::Statement&) { return true; }, sha256));
  return user.has_value();
}

void append(std::vector<std::string>& to, const std::vector<std::string>& more) {
  to.insert(to.end(), more.begin(), more.end());
}

}  // namespace

Result<> sweep_blobs(Database& db, BlobFolder& blobs, const std::vector<std::string>& candidates) {
  for (const std::string& sha256 : candidates) {
    TIDEGATE_TRY(bool referenced, is_referenced(db, sha256));
    if (!referenced) TIDEGATE_TRY_VOID(blobs.remove_unless_pinned(sha256));
  }
  return {};
}

Result<> sweep_all_blobs(Database& db, BlobFolder& blobs) {
  TIDEGATE_TRY(auto all, blobs.list());
  return sweep_blobs(db, blobs, all);
}

Result<> remove_unused_assets(Database& db, BlobFolder& blobs, std::string_view workspace,
                              const std::vector<std::string>& asset_ids) {
  std::vector<std::string> hashes;
  TIDEGATE_TRY_VOID(db.transact([&]() -> Result<> {
    for (const std::string& id : asset_ids) {
      TIDEGATE_TRY(auto asset, find_asset(db, workspace, id));
      if (!asset) continue;
      TIDEGATE_TRY(bool used, is_asset_used(db, id));
      if (used) continue;
      TIDEGATE_TRY(auto freed, remove_asset(db, *asset));
      append(hashes, freed);
    }
    return {};
  }));
  return sweep_blobs(db, blobs, hashes);  // after the commit: rows never point at nothing
}

Result<> remove_given_up_uploads(Database& db, BlobFolder& blobs, WallTime before) {
  std::vector<std::string> hashes;
  TIDEGATE_TRY_VOID(db.transact([&]() -> Result<> {
    TIDEGATE_TRY(auto assets, list_unused_assets(db, before));
    for (const Asset& asset : assets) {
      TIDEGATE_TRY(auto freed, remove_asset(db, asset));
      append(hashes, freed);
    }
    TIDEGATE_TRY(auto loose, remove_loose_artifacts(db, before));
    append(hashes, loose);
    return {};
  }));
  return sweep_blobs(db, blobs, hashes);
}

}  // namespace tidegate::store
