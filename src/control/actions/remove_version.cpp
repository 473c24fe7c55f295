#include "base/log.h"
#include "control/actions/actions.h"
#include "control/operation_notes.h"
#include "control/source.h"
#include "store/sweep.h"

namespace tidegate::control {
namespace {

constexpr Milliseconds kRetryDelay{5'000};

// Rows last: as long as the version's row is there, its folders are known to somebody.
Result<> remove_rows(Context& context, const store::Version& version) {
  TIDEGATE_TRY_VOID(store::remove_version(*context.store.db, version.id));
  return store::remove_unused_assets(*context.store.db, *context.store.blobs,
                                     version.spec.workspace, asset_ids(version.spec.workload));
}

void finish(Context& context, const store::Version& version, Result<> done) {
  end_job(context, version.id);
  if (done) done = remove_rows(context, version);
  if (done) {
    context.memory.versions.erase(version.id);
    context.traffic.forget_version(version.id);
    return;
  }
  context.memory.versions[version.id].start_after = context.clock.mono() + kRetryDelay;
  log(Level::warning, "version_not_removed",
      {{"version", version.id}, {"reason", done.error().message}});
}

}  // namespace

void act(Context& context, const ServiceWanted& service, const RemoveVersion& action) {
  const VersionWanted* wanted = find_version(service, action.version_id);
  if (wanted == nullptr) return;
  begin_job(context, action.version_id);
  // Without it, the build of a cancelled deployment would run on for nobody.
  context.memory.versions[action.version_id].build.request_stop();
  os::Path staging = context.options.data_dir / "staging" / action.version_id;
  bool started = context.pool.start(
      [&backend = context.backend, id = action.version_id, staging]() -> Result<> {
        TIDEGATE_TRY_VOID(os::remove_tree(staging));
        return backend.remove_version(id);
      },
      [&context, version = wanted->version](Result<> done) {
        finish(context, version, std::move(done));
      });
  if (!started) end_job(context, action.version_id);
}

}  // namespace tidegate::control
