#include "control/source.h"

#include <algorithm>

#include <fmt/format.h>

#include "archive/unpack.h"
#include "store/assets.h"

namespace tidegate::control {
namespace {

namespace fs = std::filesystem;

bool is_unpacked(const domain::Workload& workload, const std::string& asset_id) {
  return std::ranges::any_of(workload.assets, [&](const domain::Asset& asset) {
    return asset.id == asset_id && asset.unpack;
  });
}

Result<store::Asset> asset_of(store::Store& store, std::string_view workspace,
                              const std::string& id) {
  TIDEGATE_TRY(auto asset, store::find_asset(*store.db, workspace, id));
  if (!asset) return fail(Code::not_found, fmt::format("no asset {}; upload it first", id));
  return std::move(*asset);
}

Result<> copy_in(const SourceFile& file, const os::Path& folder) {
  os::Path target = folder / file.path;
  TIDEGATE_TRY_VOID(os::make_directories(target.parent_path()));
  TIDEGATE_TRY_VOID(os::copy_file(file.blob, target));
  std::error_code ignored;  // blobs are read-only, the copy is the service's own
  fs::permissions(target, fs::perms::owner_write, fs::perm_options::add, ignored);
  return {};
}

// A second archive is unpacked aside, and its content moved in.
Result<> unpack_more(const SourceFile& file, const os::Path& folder) {
  os::Path aside = folder;
  aside += ".more";
  TIDEGATE_TRY_VOID(archive::unpack(file.blob, aside, {}));
  std::error_code error;
  fs::copy(aside, folder, fs::copy_options::recursive | fs::copy_options::overwrite_existing,
           error);
  TIDEGATE_TRY_VOID(os::remove_tree(aside));
  if (error) return fail_errno(fmt::format("cannot unpack {}", file.path), error.value());
  return {};
}

// People know the file by the name it was uploaded under.
std::string named(std::string message, const SourceFile& file) {
  std::string blob = file.blob.string();
  if (auto at = message.find(blob); at != std::string::npos) {
    return message.replace(at, blob.size(), file.path);
  }
  return file.path + ": " + message;
}

Result<> lay_out(const std::vector<SourceFile>& files, const os::Path& folder) {
  bool is_there = false;
  for (const SourceFile& file : files) {
    if (!file.unpack) continue;
    auto done = is_there ? unpack_more(file, folder) : archive::unpack(file.blob, folder, {});
    if (!done) return fail(done.error().code, named(done.error().message, file));
    is_there = true;
  }
  if (!is_there) TIDEGATE_TRY_VOID(os::make_directories(folder));
  for (const SourceFile& file : files) {
    if (!file.unpack) TIDEGATE_TRY_VOID(copy_in(file, folder));
  }
  return {};
}

}  // namespace

std::vector<std::string> asset_ids(const domain::Workload& workload) {
  std::vector<std::string> ids;
  for (const domain::Asset& asset : workload.assets) ids.push_back(asset.id);
  const std::string& driver = workload.driver_program;
  if (!driver.empty() && std::ranges::find(ids, driver) == ids.end()) ids.push_back(driver);
  return ids;
}

Result<std::vector<SourceFile>> source_files(store::Store& store, std::string_view workspace,
                                             const domain::Workload& workload) {
  std::vector<SourceFile> files;
  for (const std::string& id : asset_ids(workload)) {
    TIDEGATE_TRY(store::Asset asset, asset_of(store, workspace, id));
    bool unpack = is_unpacked(workload, id);
    for (const store::AssetFile& file : asset.files) {
      files.push_back({store.blobs->path_of(file.sha256), file.path, unpack});
    }
  }
  return files;
}

Result<> lay_out_source(const std::vector<SourceFile>& files, const os::Path& folder) {
  TIDEGATE_TRY_VOID(os::make_directories(folder.parent_path(), 0700));
  auto done = lay_out(files, folder);
  if (!done) TIDEGATE_TRY_VOID(os::remove_tree(folder));
  return done;
}

Result<std::string> entry_script_of(store::Store& store, std::string_view workspace,
                                    const domain::Workload& workload) {
  if (!workload.framework.empty()) return std::string();
  auto named = workload.environment.variables.find("AZUREML_ENTRY_SCRIPT");
  if (named != workload.environment.variables.end()) return named->second;
  TIDEGATE_TRY(store::Asset driver, asset_of(store, workspace, workload.driver_program));
  return driver.files.front().path;
}

}  // namespace tidegate::control
