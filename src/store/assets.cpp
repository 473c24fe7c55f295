#include "store/assets.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/json.h"
#include "store/sql.h"
#include "store/values.h"

namespace tidegate::store {
namespace {

constexpr std::string_view kOrigin = "LocalUpload/";

struct Prefix {
  std::string container;
  std::string path;  // empty: the whole container
};

Result<Prefix> parse_prefix(std::string_view text) {
  std::string_view rest = text;
  if (!rest.starts_with(kOrigin)) {
    return fail(
        Code::invalid,
        fmt::format("artifacts.prefix \"{}\" must begin with LocalUpload/<container>/", text));
  }
  rest.remove_prefix(kOrigin.size());
  while (rest.ends_with('/')) rest.remove_suffix(1);
  auto slash = rest.find('/');
  if (slash == std::string_view::npos) return Prefix{std::string(rest), ""};
  return Prefix{std::string(rest.substr(0, slash)), std::string(rest.substr(slash + 1))};
}

Artifact read_artifact(SQLite::Statement& row) {
  return Artifact{text_at(row, 0), text_at(row, 1), text_at(row, 2),
                  static_cast<std::uint64_t>(number_at(row, 3)), from_micros(number_at(row, 4))};
}

Result<std::vector<Artifact>> artifacts_under(Database& db, const Prefix& prefix) {
  return select(db,
                "SELECT container, path, sha256, size, created FROM artifacts WHERE container = ?1 "
                "AND (?2 = '' OR path = ?2 OR substr(path, 1, length(?2) + 1) = ?2 || '/') "
                "ORDER BY path",
                read_artifact, prefix.container, prefix.path);
}

// "a/b/c.bin" picked by prefix "a/b" -> "b/c.bin".
std::string path_in_asset(const Prefix& prefix, const std::string& path) {
  auto slash = prefix.path.rfind('/');
  return slash == std::string::npos ? path : path.substr(slash + 1);
}

Result<std::vector<AssetFile>> pick_files(Database& db, const std::vector<std::string>& prefixes) {
  std::vector<AssetFile> files;
  for (const std::string& text : prefixes) {
    TIDEGATE_TRY(Prefix prefix, parse_prefix(text));
    TIDEGATE_TRY(auto artifacts, artifacts_under(db, prefix));
    if (artifacts.empty()) {
      return fail(Code::invalid, fmt::format("nothing was uploaded under \"{}\"", text));
    }
    for (const Artifact& artifact : artifacts) {
      files.push_back({path_in_asset(prefix, artifact.path), artifact.sha256, artifact.size});
    }
  }
  std::ranges::sort(files, {}, &AssetFile::path);
  auto twin = std::ranges::adjacent_find(files, {}, &AssetFile::path);
  if (twin != files.end()) {
    return fail(Code::invalid, fmt::format("two artifacts would both become \"{}\"", twin->path));
  }
  return files;
}

Result<std::vector<std::string>> prefixes_from_text(std::string_view text) {
  TIDEGATE_TRY(Json json, parse_json(text, "asset prefixes"));
  std::vector<std::string> prefixes;
  for (const Json& one : json) {
    if (one.is_string()) prefixes.push_back(one.get<std::string>());
  }
  return prefixes;
}

Result<Asset> read_asset(SQLite::Statement& row) {
  TIDEGATE_TRY(auto prefixes, prefixes_from_text(text_at(row, 3)));
  return Asset{text_at(row, 0),
               text_at(row, 1),
               text_at(row, 2),
               std::move(prefixes),
               {},
               from_micros(number_at(row, 4))};
}

Result<> load_files(Database& db, Asset& asset) {
  TIDEGATE_TRY(
      asset.files,
      select(
          db, "SELECT path, sha256, size FROM asset_files WHERE asset_id = ? ORDER BY path",
          [](SQLite::Statement& row) {
            return AssetFile{text_at(row, 0), text_at(row, 1),
                             static_cast<std::uint64_t>(number_at(row, 2))};
          },
          asset.id));
  return {};
}

Result<> insert_asset(Database& db, const Asset& asset) {
  TIDEGATE_TRY([[maybe_unused]] int rows,
               execute(db,
                       "INSERT INTO assets (id, workspace, name, prefixes, created) "
                       "VALUES (?, ?, ?, ?, ?)",
                       asset.id, asset.workspace, asset.name, to_text(Json(asset.prefixes)),
                       to_micros(asset.created)));
  for (const AssetFile& file : asset.files) {
    TIDEGATE_TRY(
        [[maybe_unused]] int one,
        execute(db, "INSERT INTO asset_files (asset_id, path, sha256, size) VALUES (?, ?, ?, ?)",
                asset.id, file.path, file.sha256, file.size));
  }
  return {};
}

// Whether some asset other than those deleted still has this prefix.
Result<bool> is_prefix_held(Database& db, const std::string& prefix) {
  TIDEGATE_TRY(auto held, select_one(
                              db,
                              "SELECT 1 FROM assets, json_each(assets.prefixes) AS prefix "
                              "WHERE prefix.value = ? LIMIT 1",
                              [](SQLite::Statement&) { return true; }, prefix));
  return held.has_value();
}

Result<> remove_artifacts_of(Database& db, const Asset& asset) {
  for (const std::string& text : asset.prefixes) {
    TIDEGATE_TRY(bool held, is_prefix_held(db, text));
    if (held) continue;
    TIDEGATE_TRY(Prefix prefix, parse_prefix(text));
    TIDEGATE_TRY([[maybe_unused]] int rows,
                 execute(db,
                         "DELETE FROM artifacts WHERE container = ?1 AND "
                         "(?2 = '' OR path = ?2 OR substr(path, 1, length(?2) + 1) = ?2 || '/')",
                         prefix.container, prefix.path));
  }
  return {};
}

}  // namespace

Result<> put_artifact(Database& db, const Artifact& artifact) {
  TIDEGATE_TRY([[maybe_unused]] int rows,
               execute(db,
                       "INSERT INTO artifacts (container, path, sha256, size, created) "
                       "VALUES (?, ?, ?, ?, ?) ON CONFLICT (container, path) DO UPDATE SET "
                       "sha256 = excluded.sha256, size = excluded.size, created = excluded.created",
                       artifact.container, artifact.path, artifact.sha256, artifact.size,
                       to_micros(artifact.created)));
  return {};
}

Result<std::optional<Artifact>> find_artifact(Database& db, std::string_view container,
                                              std::string_view path) {
  return select_one(db,
                    "SELECT container, path, sha256, size, created FROM artifacts "
                    "WHERE container = ? AND path = ?",
                    read_artifact, container, path);
}

Result<Asset> add_asset(Database& db, Asset asset) {
  TIDEGATE_TRY(asset.files, pick_files(db, asset.prefixes));
  TIDEGATE_TRY_VOID(db.transact([&] { return insert_asset(db, asset); }));
  return asset;
}

Result<std::optional<Asset>> find_asset(Database& db, std::string_view workspace,
                                        std::string_view id) {
  TIDEGATE_TRY(auto asset, select_one(db,
                                      "SELECT id, workspace, name, prefixes, created FROM assets "
                                      "WHERE workspace = ? AND id = ?",
                                      read_asset, workspace, id));
  if (asset) TIDEGATE_TRY_VOID(load_files(db, *asset));
  return asset;
}

Result<bool> is_asset_used(Database& db, std::string_view id) {
  TIDEGATE_TRY(auto user, select_one(
                              db,
                              "SELECT 1 FROM models WHERE asset_id = ?1 UNION ALL "
                              "SELECT 1 FROM version_assets WHERE asset_id = ?1 LIMIT 1",
                              [](SQLite::Statement&) { return true; }, id));
  return user.has_value();
}

Result<std::vector<std::string>> remove_asset(Database& db, const Asset& asset) {
  std::vector<std::string> hashes;
  for (const AssetFile& file : asset.files) hashes.push_back(file.sha256);
  TIDEGATE_TRY_VOID(db.transact([&]() -> Result<> {
    TIDEGATE_TRY([[maybe_unused]] int rows,
                 execute(db, "DELETE FROM assets WHERE id = ?", asset.id));
    return remove_artifacts_of(db, asset);
  }));
  return hashes;
}

Result<std::vector<Asset>> list_unused_assets(Database& db, WallTime before) {
  TIDEGATE_TRY(auto assets,
               select(db,
                      "SELECT id, workspace, name, prefixes, created FROM assets WHERE created < ? "
                      "AND id NOT IN (SELECT asset_id FROM models) "
                      "AND id NOT IN (SELECT asset_id FROM version_assets)",
                      read_asset, to_micros(before)));
  for (Asset& asset : assets) TIDEGATE_TRY_VOID(load_files(db, asset));
  return assets;
}

Result<std::vector<std::string>> remove_loose_artifacts(Database& db, WallTime before) {
  // artifacts.path in full: json_each has a column of that name too.
  constexpr const char* kLoose =
      "created < ? AND NOT EXISTS (SELECT 1 FROM assets, json_each(assets.prefixes) AS prefix "
      "WHERE "
      "'LocalUpload/' || artifacts.container || '/' || artifacts.path = rtrim(prefix.value, '/') "
      "OR "
      "substr('LocalUpload/' || artifacts.container || '/' || artifacts.path, 1, "
      "length(rtrim(prefix.value, '/')) + 1) = rtrim(prefix.value, '/') || '/')";
  std::vector<std::string> hashes;
  TIDEGATE_TRY_VOID(db.transact([&]() -> Result<> {
    TIDEGATE_TRY(hashes,
                 select(
                     db, fmt::format("SELECT sha256 FROM artifacts WHERE {}", kLoose).c_str(),
                     [](SQLite::Statement& row) { return text_at(row, 0); }, to_micros(before)));
    TIDEGATE_TRY([[maybe_unused]] int rows,
                 execute(db, fmt::format("DELETE FROM artifacts WHERE {}", kLoose).c_str(),
                         to_micros(before)));
    return {};
  }));
  return hashes;
}

}  // namespace tidegate::store
