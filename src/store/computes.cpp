#include "store/computes.h"

#include <fmt/format.h>

#include "base/json.h"
#include "store/sql.h"
#include "store/values.h"

namespace tidegate::store {
namespace {

using domain::ClusterAttachment;
using domain::ClusterPurpose;
using domain::ComputeKind;
using domain::ComputeTarget;
using domain::RegistryAccess;

#define TIDEGATE_COMPUTE_COLUMNS \
  "SELECT workspace, name, kind, description, created, cluster, credentials FROM computes "

std::string_view kind_text(ComputeKind kind) {
  return kind == ComputeKind::kubernetes ? "kubernetes" : "process";
}

Json registry_json(const RegistryAccess& registry) {
  return Json{{"address", registry.address},
              {"plainHttp", registry.is_plain_http},
              {"user", registry.user}};
}

std::string cluster_text(const ComputeTarget& target) {
  if (!target.cluster) return "";
  const ClusterAttachment& cluster = *target.cluster;
  bool is_dev_test = cluster.purpose == ClusterPurpose::dev_test;
  return to_text(Json{{"namespace", cluster.kube_namespace},
                      {"purpose", is_dev_test ? "DevTest" : "FastProd"},
                      {"serviceType", cluster.service_type},
                      {"registry", registry_json(cluster.registry)},
                      {"globalRegistry", registry_json(cluster.global_registry)},
                      {"agentImage", cluster.agent_image},
                      {"defaultBaseImage", cluster.default_base_image},
                      {"nodeCacheGb", cluster.node_cache_gb},
                      {"modelDataClaim", cluster.model_data_claim},
                      {"scoringBase", cluster.scoring_base}});
}

std::string credentials_text(const ComputeTarget& target) {
  if (!target.cluster) return "";
  const ClusterAttachment& cluster = *target.cluster;
  return to_text(Json{{"kubeconfig", cluster.kubeconfig.reveal()},
                      {"registryPassword", cluster.registry.password.reveal()},
                      {"globalRegistryPassword", cluster.global_registry.password.reveal()},
                      {"linkToken", cluster.link_token.reveal()}});
}

RegistryAccess read_registry(const Json& cluster, std::string_view name) {
  const Json* json = find_member(cluster, name);
  if (json == nullptr) return {};
  const Json* plain = find_member(*json, "plainHttp");
  return {.address = text_or(*json, "address", ""),
          .is_plain_http = plain != nullptr && plain->is_boolean() && plain->get<bool>(),
          .user = text_or(*json, "user", ""),
          .password = {}};
}

Result<ClusterAttachment> read_cluster(const std::string& cluster_column,
                                       const std::string& credentials_column) {
  TIDEGATE_TRY(Json cluster, parse_json(cluster_column, "stored cluster"));
  TIDEGATE_TRY(Json secrets, parse_json(credentials_column, "stored credentials of a cluster"));
  ClusterAttachment out;
  out.kubeconfig = Secret(text_or(secrets, "kubeconfig", ""));
  out.kube_namespace = text_or(cluster, "namespace", "");
  bool is_dev_test = text_or(cluster, "purpose", "") == "DevTest";
  out.purpose = is_dev_test ? ClusterPurpose::dev_test : ClusterPurpose::fast_prod;
  out.service_type = text_or(cluster, "serviceType", out.service_type);
  out.registry = read_registry(cluster, "registry");
  out.registry.password = Secret(text_or(secrets, "registryPassword", ""));
  out.global_registry = read_registry(cluster, "globalRegistry");
  out.global_registry.password = Secret(text_or(secrets, "globalRegistryPassword", ""));
  out.agent_image = text_or(cluster, "agentImage", "");
  out.default_base_image = text_or(cluster, "defaultBaseImage", "");
  const Json* cache = find_member(cluster, "nodeCacheGb");
  if (cache != nullptr && cache->is_number_integer()) out.node_cache_gb = cache->get<int>();
  out.model_data_claim = text_or(cluster, "modelDataClaim", "");
  out.scoring_base = text_or(cluster, "scoringBase", "");
  out.link_token = Secret(text_or(secrets, "linkToken", ""));
  return out;
}

Result<ComputeTarget> read_row(SQLite::Statement& row) {
  ComputeTarget target{
      .name = text_at(row, 1),
      .workspace = text_at(row, 0),
      .kind = text_at(row, 2) == "kubernetes" ? ComputeKind::kubernetes : ComputeKind::process,
      .description = text_at(row, 3),
      .created = from_micros(number_at(row, 4)),
      .cluster = std::nullopt};
  std::string cluster = text_at(row, 5);
  if (cluster.empty()) return target;
  TIDEGATE_TRY(target.cluster, read_cluster(cluster, text_at(row, 6)));
  return target;
}

}  // namespace

Result<> add_compute(Database& db, const ComputeTarget& target) {
  TIDEGATE_TRY([[maybe_unused]] int rows,
               execute(db,
                       "INSERT INTO computes (workspace, name, kind, description, created, "
                       "cluster, credentials) VALUES (?, ?, ?, ?, ?, ?, ?)",
                       target.workspace, target.name, kind_text(target.kind), target.description,
                       to_micros(target.created), cluster_text(target), credentials_text(target)));
  return {};
}

Result<> update_compute(Database& db, const ComputeTarget& target) {
  TIDEGATE_TRY(
      int rows,
      execute(db,
              "UPDATE computes SET kind = ?, description = ?, created = ?, cluster = ?, "
              "credentials = ? WHERE workspace = ? AND name = ?",
              kind_text(target.kind), target.description, to_micros(target.created),
              cluster_text(target), credentials_text(target), target.workspace, target.name));
  if (rows == 0) return fail(Code::not_found, "there is no compute target " + target.name);
  return {};
}

Result<std::optional<ComputeTarget>> find_compute(Database& db, std::string_view workspace,
                                                  std::string_view name) {
  return select_one(db, TIDEGATE_COMPUTE_COLUMNS "WHERE workspace = ? AND name = ?", read_row,
                    workspace, name);
}

Result<std::vector<ComputeTarget>> list_computes(Database& db, std::string_view workspace) {
  return select(db, TIDEGATE_COMPUTE_COLUMNS "WHERE workspace = ? ORDER BY created, name", read_row,
                workspace);
}

Result<> remove_compute(Database& db, std::string_view workspace, std::string_view name) {
  TIDEGATE_TRY(
      [[maybe_unused]] int rows,
      execute(db, "DELETE FROM computes WHERE workspace = ? AND name = ?", workspace, name));
  return {};
}

}  // namespace tidegate::store
