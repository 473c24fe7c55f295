#include "control/deploy/check_spec.h"

#include <algorithm>
#include <set>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "control/deploy/entry_script.h"
#include "control/targets.h"
#include "image/recipe.h"
#include "store/computes.h"
#include "store/models.h"

namespace tidegate::control {
namespace {

using domain::Complaints;
using domain::ModelRef;

constexpr std::size_t kNamesShown = 10;

std::string shown(const std::vector<std::string>& names) {
  if (names.empty()) return "(none)";
  std::vector<std::string> some(names.begin(), names.begin() + static_cast<std::ptrdiff_t>(std::min(
                                                                   names.size(), kNamesShown)));
  return fmt::format("{}{}", fmt::join(some, ", "), names.size() > kNamesShown ? ", ..." : "");
}

using MaybeCluster = std::optional<domain::ClusterAttachment>;

// The cluster that the service is for; nullopt: it is for processes, or for nothing that is there.
MaybeCluster check_compute(Context& context, const domain::ServiceSpec& spec,
                           Complaints& complaints) {
  auto targets = store::list_computes(*context.store.db, spec.workspace);
  if (!targets) {
    complaints.add("computeName", targets.error().message);
    return std::nullopt;
  }
  std::vector<std::string> names;
  for (const domain::ComputeTarget& target : *targets) {
    if (target.name == spec.compute_name) return target.cluster;
    names.push_back(target.name);
  }
  complaints.add("computeName", fmt::format("there is no compute target \"{}\"; there are: {}",
                                            spec.compute_name, shown(names)));
  return std::nullopt;
}

void check_namespace(const domain::ServiceSpec& spec, const MaybeCluster& cluster,
                     Complaints& complaints) {
  const std::string& asked = spec.settings.kubernetes_namespace;
  if (!cluster || asked.empty() || asked == cluster->kube_namespace) return;
  complaints.add(
      "namespace",
      fmt::format("is \"{}\", but compute target {} is attached to namespace \"{}\"; "
                  "leave it out, or attach the cluster a second time with --namespace {}",
                  asked, spec.compute_name, cluster->kube_namespace, asked));
}

std::string about_missing_model(const ModelRef& ref, const std::vector<domain::Model>& models) {
  std::vector<std::string> versions;
  std::vector<std::string> names;
  for (const domain::Model& model : models) {
    if (model.name == ref.name) versions.insert(versions.begin(), std::to_string(model.version));
    if (std::ranges::find(names, model.name) == names.end()) names.push_back(model.name);
  }
  if (!versions.empty()) {
    return fmt::format("there is no model {}; versions of {}: {}", ref.id(), ref.name,
                       fmt::join(versions, ", "));
  }
  std::vector<std::string_view> candidates(names.begin(), names.end());
  std::string_view near = domain::suggest(ref.name, candidates);
  if (!near.empty()) {
    return fmt::format("there is no model {}; did you mean {}?", ref.id(), near);
  }
  return fmt::format("there is no model {}; registered are: {}", ref.id(), shown(names));
}

void check_models(Context& context, const domain::ServiceSpec& spec, Complaints& complaints) {
  constexpr std::string_view kWhere = "environmentImageRequest.modelIds";
  auto models = store::list_models(*context.store.db, spec.workspace);
  if (!models) return complaints.add(std::string(kWhere), models.error().message);
  std::set<std::string> ids;
  for (const domain::Model& model : *models) ids.insert(model.id());
  for (const ModelRef& ref : spec.workload.models) {
    if (!ids.contains(ref.id())) {
      complaints.add(std::string(kWhere), about_missing_model(ref, *models));
    }
  }
}

void check_offered(const domain::ServiceSpec& spec, const MaybeCluster& cluster,
                   Complaints& complaints) {
  if (spec.settings.token_auth_enabled) {
    complaints.add("aadAuthEnabled",
                   "token authentication is not offered yet; use keys (authEnabled)");
  }
  if (spec.settings.resources.gpu.value_or(0) > 0) {
    complaints.add("containerResourceRequirements.gpu",
                   cluster ? "GPUs are not offered yet; use 0"
                           : "GPUs are not offered on process targets yet; use 0");
  }
}

// Refused, not warned of: rows that were never written cannot be had later.
void check_model_data(const domain::ServiceSpec& spec, const MaybeCluster& cluster,
                      Complaints& complaints) {
  if (!spec.settings.collect_model_data || !cluster || !cluster->model_data_claim.empty()) return;
  complaints.add(
      "dataCollection.storageEnabled",
      fmt::format("compute target {} has no place for model data; attach it again with "
                  "--model-data-claim NAME, a PersistentVolumeClaim of namespace {}, or use false",
                  spec.compute_name, cluster->kube_namespace));
}

void check_environment(const domain::Environment& environment, const DeployOptions& options,
                       Complaints& complaints) {
  const std::string where = "environmentImageRequest.environment";
  if (!environment.base_dockerfile.empty() && !options.ignore_docker_steps) {
    complaints.add(where + ".docker.baseDockerfile",
                   "Docker steps cannot be executed on a process target; take them out, or deploy "
                   "with --ignore-docker-steps");
  }
  if (!environment.user_managed) {
    (void)image::requirements_of(environment, complaints);
  } else if (find_interpreter(environment).empty()) {
    complaints.add(
        where + ".python.interpreterPath",
        fmt::format("there is no program \"{}\" on this machine", environment.interpreter));
  }
}

}  // namespace

void check_spec(Context& context, const domain::ServiceSpec& spec, const DeployOptions& options,
                Complaints& complaints) {
  MaybeCluster cluster = check_compute(context, spec, complaints);
  check_models(context, spec, complaints);
  check_namespace(spec, cluster, complaints);
  check_offered(spec, cluster, complaints);
  check_model_data(spec, cluster, complaints);
  // An image may have what this machine has not: its own packages, programs and Docker steps.
  if (!cluster) check_environment(spec.workload.environment, options, complaints);
}

std::string python_for_checks(Context& context, const domain::ServiceSpec& spec) {
  auto row = store::find_compute(*context.store.db, spec.workspace, spec.compute_name);
  bool is_cluster = row && *row && (*row)->cluster;
  return find_interpreter(is_cluster ? domain::Environment{} : spec.workload.environment);
}

void check_same_compute(Context& context, const domain::ServiceSpec& from,
                        const domain::ServiceSpec& to, Complaints& complaints) {
  if (from.compute_name == to.compute_name) return;
  bool any_cluster = context.targets.is_cluster(from.workspace, from.compute_name) ||
                     context.targets.is_cluster(to.workspace, to.compute_name);
  if (!any_cluster) return;  // processes of this machine, by whatever name
  complaints.add("computeName",
                 fmt::format("service {} runs on {} and cannot be moved to {} by an update; deploy "
                             "it there under another name, or delete it first",
                             from.name, from.compute_name, to.compute_name));
}

void check_name_is_free(Context& context, const domain::ServiceSpec& spec, bool overwrite,
                        Complaints& complaints) {
  if (overwrite) return;
  auto taken = store::find_service(*context.store.db, spec.workspace, spec.name);
  if (!taken || !*taken) return;
  bool goes = (*taken)->deleting || (*taken)->service.generation == 0;
  complaints.add("name", goes ? fmt::format("service {} exists and is being changed; try again "
                                            "when its operation has ended",
                                            spec.name)
                              : fmt::format("there is a service {} already; deploy with "
                                            "--overwrite to replace it, or update it",
                                            spec.name));
}

std::vector<std::string> notices_about(const domain::ServiceSpec& spec) {
  std::vector<std::string> notices;
  const domain::DeploymentSettings& settings = spec.settings;
  if (settings.autoscaler.enabled) {
    notices.push_back(fmt::format(
        "autoscaling comes later: {} replica(s) run, which is minReplicas", settings.replicas()));
  }
  return notices;
}

}  // namespace tidegate::control
