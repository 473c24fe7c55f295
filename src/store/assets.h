// What clients upload. An artifact is one file under the name it was uploaded as; an asset names a
// set of artifacts (by prefix) and fixes their content; models and service versions refer to
// assets.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "store/database.h"

namespace tidegate::store {

struct Artifact {
  std::string container;
  std::string path;  // relative, without ".."
  std::string sha256;
  std::uint64_t size = 0;
  WallTime created;
};

// Replaces one of the same name.
Result<> put_artifact(Database& db, const Artifact& artifact);
Result<std::optional<Artifact>> find_artifact(Database& db, std::string_view container,
                                              std::string_view path);

struct AssetFile {
  std::string path;  // begins with the last part of its prefix: "model.pkl", "mymodel/weights.bin"
  std::string sha256;
  std::uint64_t size = 0;
};

struct Asset {
  std::string id;
  std::string workspace;
  std::string name;
  std::vector<std::string> prefixes;  // "LocalUpload/<container>/<path>"
  std::vector<AssetFile> files;       // sorted by path
  WallTime created;
};

// Fills files from the artifacts under the prefixes. A prefix with nothing under it, or two files
// that would get one path, is Code::invalid.
Result<Asset> add_asset(Database& db, Asset asset);
Result<std::optional<Asset>> find_asset(Database& db, std::string_view workspace,
                                        std::string_view id);
// Whether a model or a service version refers to it.
Result<bool> is_asset_used(Database& db, std::string_view id);

// Removes the asset, and artifacts that only it had picked. Returns the hashes that may now be
// without a reference (sweep.h).
Result<std::vector<std::string>> remove_asset(Database& db, const Asset& asset);

// Assets without a user, and artifacts in no asset, created before `before`: uploads that were
// given up.
Result<std::vector<Asset>> list_unused_assets(Database& db, WallTime before);
Result<std::vector<std::string>> remove_loose_artifacts(Database& db, WallTime before);

}  // namespace tidegate::store
