#include "control/housekeeping.h"

#include "base/log.h"
#include "control/operation_notes.h"
#include "image/store_limit.h"
#include "store/computes.h"
#include "store/operations.h"
#include "store/sweep.h"
#include "store/workspaces.h"

namespace tidegate::control {
namespace {

constexpr std::chrono::hours kUploadsKept{24};
constexpr std::chrono::hours kOperationsKept{24 * 7};
constexpr std::chrono::hours kPeriod{1};

Result<> remove_old_operations(Context& context) {
  WallTime before = context.clock.wall() - kOperationsKept;
  TIDEGATE_TRY(auto ids, store::remove_old_operations(*context.store.db, before));
  for (const std::string& id : ids) TIDEGATE_TRY_VOID(context.store.logs.remove(id));
  return {};
}

Result<std::set<std::string>> stores_in_use(store::Database& db) {
  std::set<std::string> names;
  TIDEGATE_TRY(auto workspaces, store::list_workspaces(db));
  for (const store::Workspace& workspace : workspaces) {
    TIDEGATE_TRY(auto targets, store::list_computes(db, workspace.name));
    for (const domain::ComputeTarget& target : targets) {
      names.insert(image::store_name(target.workspace, target.name));
    }
  }
  return names;
}

}  // namespace

void remove_unused_images(Context& context) {
  auto in_use = stores_in_use(*context.store.db);
  if (!in_use) return log_failure("read_computes", std::unexpected(in_use.error()));
  auto work = [all = context.options.data_dir / "images", in_use = std::move(*in_use),
               &runner = context.runner] {
    return image::remove_unused_stores(all, in_use, runner);
  };
  context.pool.start(std::move(work), [](const Result<std::vector<std::string>>& removed) {
    if (!removed) return log_failure("remove_unused_images", std::unexpected(removed.error()));
    for (const std::string& name : *removed) log(Level::info, "images_removed", {{"of", name}});
  });
}

void Housekeeping::start() {
  const os::Path staging = context_.options.data_dir / "staging";
  log_failure("remove_staging", os::remove_tree(staging));
  log_failure("make_staging", os::make_directories(staging, 0700));
  log_failure("sweep_blobs", store::sweep_all_blobs(*context_.store.db, *context_.store.blobs));
  sweep();
}

void Housekeeping::sweep() {
  WallTime before = context_.clock.wall() - kUploadsKept;
  log_failure("sweep_uploads",
              store::remove_given_up_uploads(*context_.store.db, *context_.store.blobs, before));
  log_failure("sweep_operations", remove_old_operations(context_));
  remove_unused_images(context_);
  limit_images();
  timer_.start(kPeriod, [this] { sweep(); });
}

void Housekeeping::limit_images() {
  auto work = [all = context_.options.data_dir / "images", max = context_.options.images_max_bytes,
               &runner = context_.runner] { return image::limit_stores(all, max, runner); };
  context_.pool.start(std::move(work), [](const Result<std::uint64_t>& removed) {
    if (!removed) return log_failure("limit_images", std::unexpected(removed.error()));
    if (*removed > 0) log(Level::info, "images_limited", {{"bytes", *removed}});
  });
}

}  // namespace tidegate::control
