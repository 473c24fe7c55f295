#include <fmt/format.h>

#include "control/actions/actions.h"
#include "control/operation_notes.h"
#include "control/source.h"
#include "control/version_plan.h"

namespace tidegate::control {
namespace {

struct Job {
  backend::Backend& backend;
  os::Path staging;
  std::vector<SourceFile> source;  // empty: the plan has all, nothing is unpacked here
  backend::VersionPlan plan;

  // On a worker.
  Result<> run() {
    if (source.empty()) return backend.prepare(plan);
    TIDEGATE_TRY_VOID(os::remove_tree(staging));  // of a process that died in the middle
    TIDEGATE_TRY_VOID(lay_out_source(source, staging));
    plan.source_tree = staging;
    Result<> prepared = backend.prepare(plan);
    TIDEGATE_TRY_VOID(os::remove_tree(staging));
    return prepared;
  }
};

// For a backend that ships the source elsewhere: as it was uploaded.
Result<> add_source(const std::vector<SourceFile>& files, backend::VersionPlan& plan) {
  for (const SourceFile& file : files) {
    if (!file.unpack) {
      plan.model_files.push_back({.source = file.blob, .target = file.path});
    } else if (plan.source_archive.empty()) {
      plan.source_archive = file.blob;
    } else {
      return fail(Code::invalid, fmt::format("the source has more than one archive (the second is "
                                             "{}); upload it as one",
                                             file.path));
    }
  }
  return {};
}

Result<Job> make_job(Context& context, const store::Version& version) {
  const domain::ServiceSpec& spec = version.spec;
  TIDEGATE_TRY(auto source, source_files(context.store, spec.workspace, spec.workload));
  TIDEGATE_TRY(auto plan, make_version_plan(context.store, version, context.signing_key));
  if (context.backend.keeps_count()) {
    TIDEGATE_TRY_VOID(add_source(source, plan));
    source.clear();
  }
  return Job{context.backend, context.options.data_dir / "staging" / version.id, std::move(source),
             std::move(plan)};
}

Result<> store_step(Context& context, const std::string& version_id) {
  TIDEGATE_TRY(auto version, store::find_version(*context.store.db, version_id));
  if (!version || version->phase != store::VersionPhase::preparing) return {};
  version->step = store::VersionStep::replicas;
  return store::update_version(*context.store.db, *version);
}

void finish(Context& context, const std::string& version_id, const std::string& service_name,
            const std::string& operation_id, const Result<>& done) {
  context.memory.versions[version_id].missing_since.reset();
  if (!done) {
    // One that serves already is only made again, and is not given up.
    note_crash(context, version_id, done.error().message);
    fail_version(context, version_id,
                 step_error("KubernetesDeploymentFailed", service_name, done.error()));
  } else {
    note(context, operation_id,
         fmt::format("Checking the status of deployment {}..", service_name));
    log_failure("layout", store_step(context, version_id));
  }
  end_job(context, version_id);
}

}  // namespace

void act(Context& context, const ServiceWanted& service, const LayOutVersion& action) {
  const VersionWanted* wanted = find_version(service, action.version_id);
  if (wanted == nullptr) return;
  const store::Version& version = wanted->version;
  std::string operation_id = operation_of(service);
  begin_job(context, version.id);
  auto job = make_job(context, version);
  if (!job)
    return finish(context, version.id, version.spec.name, operation_id,
                  std::unexpected(job.error()));
  note(context, operation_id,
       fmt::format("Submitting deployment to compute. ({} model(s), generation {})",
                   version.spec.workload.models.size(), version.generation));
  bool started = context.pool.start(
      [job = std::move(*job)]() mutable { return job.run(); },
      [&context, id = version.id, name = version.spec.name, operation_id](const Result<>& done) {
        finish(context, id, name, operation_id, done);
      });
  if (!started) end_job(context, version.id);
}

}  // namespace tidegate::control
