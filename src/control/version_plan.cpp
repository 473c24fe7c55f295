#include "control/version_plan.h"

#include <fmt/format.h>

#include "control/model_data.h"
#include "control/rest/signature.h"
#include "control/source.h"
#include "store/models.h"

namespace tidegate::control {
namespace {

Result<> add_model(store::Store& store, const domain::ModelRef& ref, backend::VersionPlan& plan) {
  TIDEGATE_TRY(auto model, store::find_model(*store.db, plan.workspace, ref));
  if (!model) return fail(Code::not_found, fmt::format("no model {}", ref.id()));
  for (const domain::ModelFile& file : model->files) {
    plan.model_files.push_back(
        {.source = store.blobs->path_of(file.sha256),
         .target = fmt::format("azureml-models/{}/{}/{}", ref.name, ref.version, file.path),
         .executable = file.executable});
  }
  return {};
}

}  // namespace

Secret replica_secret(const Secret& signing_key, const std::string& service_id) {
  return Secret(signature_of(signing_key, "replica:" + service_id));
}

Result<backend::VersionPlan> make_version_plan(store::Store& store, const store::Version& version,
                                               const Secret& signing_key) {
  const domain::ServiceSpec& spec = version.spec;
  const domain::Workload& workload = spec.workload;
  backend::VersionPlan plan;
  plan.version_id = version.id;
  plan.workspace = spec.workspace;
  plan.service_name = spec.name;
  plan.compute_name = spec.compute_name;
  plan.interpreter = version.interpreter;
  plan.models = workload.models;
  plan.framework = workload.framework;
  plan.variables = workload.environment.variables;
  plan.max_concurrent = spec.settings.max_concurrent_per_container;
  plan.scoring_timeout_ms = spec.settings.scoring_timeout_ms;
  plan.image = version.image;
  plan.replica_secret = replica_secret(signing_key, version.service_id);
  plan.resources = spec.settings.resources;
  plan.probe = spec.settings.probe;
  plan.collects_model_data = spec.settings.collect_model_data;
  TIDEGATE_TRY(plan.workspace_triple, workspace_triple(*store.db, spec.workspace));
  TIDEGATE_TRY(plan.entry_script, entry_script_of(store, spec.workspace, workload));
  auto source = plan.variables.find("AZUREML_SOURCE_DIRECTORY");
  if (source != plan.variables.end()) plan.source_directory = source->second;
  for (const domain::ModelRef& ref : workload.models)
    TIDEGATE_TRY_VOID(add_model(store, ref, plan));
  return plan;
}

}  // namespace tidegate::control
