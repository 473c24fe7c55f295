#include "control/rest/compute_json.h"

#include "control/rest/workspace_path.h"

namespace tidegate::control {
namespace {

constexpr std::string_view kProcessNote =
    "A process target: services run as processes of this machine, nothing is created in a cloud.";

std::string_view purpose_of(const domain::ComputeTarget& target) {
  bool is_dev_test = target.cluster && target.cluster->purpose == domain::ClusterPurpose::dev_test;
  return is_dev_test ? "DevTest" : "FastProd";
}

Json registry_json(const domain::RegistryAccess& registry) {
  return Json{{"address", registry.address},
              {"plainHttp", registry.is_plain_http},
              {"user", registry.user}};
}

Json own_members(Context& context, const domain::ComputeTarget& target) {
  if (target.cluster) return attachment_json(*target.cluster);
  return Json{{"kind", "process"}, {"isolation", context.memory.isolation}, {"note", kProcessNote}};
}

}  // namespace

Json attachment_json(const domain::ClusterAttachment& attachment) {
  Json out{{"kind", "kubernetes"},
           {"namespace", attachment.kube_namespace},
           {"serviceType", attachment.service_type},
           {"scoringBase", attachment.scoring_base},
           {"registry", registry_json(attachment.registry)},
           {"globalRegistry", nullptr},
           {"agentImage", attachment.agent_image},
           {"defaultBaseImage", attachment.default_base_image},
           {"nodeCacheGb", attachment.node_cache_gb},
           {"modelDataClaim", attachment.model_data_claim}};
  if (!attachment.global_registry.address.empty()) {
    out["globalRegistry"] = registry_json(attachment.global_registry);
  }
  return out;
}

Json compute_json(Context& context, const domain::ComputeTarget& target,
                  std::string_view provisioning_state) {
  std::string base = workspace_path(*context.store.db, target.workspace);
  Json details{{"agentVmSize", nullptr},
               {"agentCount", 1},
               {"clusterPurpose", purpose_of(target)},
               {"clusterFqdn", nullptr},
               {"systemServices", Json::array()},
               {"loadBalancerType", nullptr},
               {"loadBalancerSubnet", nullptr}};
  std::string_view location = target.cluster ? "kubernetes" : "local";
  return Json{{"id", base + "/computes/" + target.name},
              {"name", target.name},
              {"location", location},
              {"type", "Microsoft.MachineLearningServices/workspaces/computes"},
              {"tags", Json::object()},
              {"properties",
               {{"computeType", "AKS"},
                {"computeLocation", location},
                {"description", target.description},
                {"resourceId", nullptr},
                {"provisioningState", provisioning_state},
                {"provisioningErrors", nullptr},
                {"isAttachedCompute", target.cluster.has_value()},
                {"createdOn", format_iso(target.created)},
                {"modifiedOn", format_iso(target.created)},
                {"properties", std::move(details)},
                {"tidegate", own_members(context, target)}}}};
}

}  // namespace tidegate::control
