#include "backend/local/version_folder.h"

#include <sys/stat.h>

#include <algorithm>

#include <fmt/format.h>

#include "base/ids.h"

namespace tidegate::backend::local {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kPartial = "app.partial-";

Result<> check_target(const os::Path& target) {
  bool climbs = std::any_of(target.begin(), target.end(),
                            [](const os::Path& part) { return part == ".." || part == "."; });
  if (!target.empty() && target.is_relative() && !climbs && target.has_filename()) return {};
  return fail(Code::invalid,
              fmt::format("\"{}\" does not lie below the app folder", target.string()));
}

Result<> set_mode(const os::Path& path, mode_t mode) {
  if (::chmod(path.c_str(), mode) == 0) return {};
  return fail_errno(fmt::format("cannot set the mode of {}", path.string()));
}

Result<> copy_models(const VersionPlan& plan, const os::Path& app) {
  for (const FileSource& file : plan.model_files) {
    TIDEGATE_TRY_VOID(check_target(file.target));
    os::Path target = app / file.target;
    TIDEGATE_TRY_VOID(os::make_directories(target.parent_path()));
    TIDEGATE_TRY_VOID(os::copy_file(file.source, target));
    TIDEGATE_TRY_VOID(set_mode(target, file.executable ? 0555 : 0444));
  }
  return {};
}

Result<> copy_source_entry(const fs::directory_entry& entry, const os::Path& target) {
  std::error_code error;
  fs::file_status status = entry.symlink_status(error);
  if (status.type() == fs::file_type::directory) {
    fs::create_directory(target, error);  // may be there already, from the models
    if (error) return fail_errno(fmt::format("cannot create {}", target.string()), error.value());
    return {};
  }
  // The models are there first. A source that has something at the same place would replace them,
  // or with a link lead the copies elsewhere.
  if (fs::exists(fs::symlink_status(target, error))) {
    return fail(Code::invalid, fmt::format("the source has {}, where a model is laid; rename it",
                                           entry.path().filename().string()));
  }
  if (status.type() == fs::file_type::symlink) {
    fs::copy_symlink(entry.path(), target, error);
    if (error) return fail_errno(fmt::format("cannot create {}", target.string()), error.value());
    return {};
  }
  if (status.type() != fs::file_type::regular)
    return {};  // sockets, pipes and devices are no source
  TIDEGATE_TRY_VOID(os::copy_file(entry.path(), target));
  bool executable = (status.permissions() & fs::perms::owner_exec) != fs::perms::none;
  return set_mode(target, executable ? 0755 : 0644);
}

Result<> copy_source(const os::Path& source, const os::Path& app) {
  if (source.empty()) return {};
  std::error_code error;
  fs::recursive_directory_iterator walk(source, error);
  if (error) return fail_errno(fmt::format("cannot read {}", source.string()), error.value());
  for (; walk != fs::recursive_directory_iterator(); walk.increment(error)) {
    TIDEGATE_TRY_VOID(copy_source_entry(*walk, app / walk->path().lexically_relative(source)));
  }
  if (error) return fail_errno(fmt::format("cannot read {}", source.string()), error.value());
  return {};
}

Result<> fill(const VersionPlan& plan, const os::Path& app) {
  TIDEGATE_TRY_VOID(os::make_directories(app));
  TIDEGATE_TRY_VOID(copy_models(plan, app));
  TIDEGATE_TRY_VOID(copy_source(plan.source_tree, app));
  return os::sync_file_system(app);
}

Result<> remove_leftovers(const os::Path& version) {
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(version, error)) {
    if (!entry.path().filename().string().starts_with(kPartial)) continue;
    TIDEGATE_TRY_VOID(os::remove_tree(entry.path()));
  }
  return {};
}

}  // namespace

Result<> lay_out_version(const VersionPlan& plan, const Layout& layout, Random& random) {
  TIDEGATE_TRY_VOID(check_id(plan.version_id, "version"));
  os::Path app = layout.app(plan.version_id);
  std::error_code error;
  if (fs::exists(app, error)) return {};
  os::Path version = layout.version(plan.version_id);
  TIDEGATE_TRY_VOID(os::make_directories(layout.logs(plan.version_id)));
  TIDEGATE_TRY_VOID(remove_leftovers(version));
  os::Path partial = version / fmt::format("{}{}", kPartial, random_hex(random, 4));
  Result<> done = fill(plan, partial);
  if (done) done = os::rename_durable(partial, app);
  if (!done) static_cast<void>(os::remove_tree(partial));
  return done;
}

}  // namespace tidegate::backend::local
