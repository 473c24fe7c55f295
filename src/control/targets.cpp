#include "control/targets.h"

#include <algorithm>

#include <fmt/format.h>

#include "backend/kubernetes/attachment.h"
#include "base/log.h"
#include "control/operation_notes.h"
#include "store/computes.h"
#include "store/workspaces.h"

namespace tidegate::control {
namespace {

constexpr Milliseconds kPeriod{250};
constexpr std::chrono::seconds kMakeAgain{5};

os::Path table_file_of(const ControlOptions& options, const domain::ComputeTarget& row) {
  return options.data_dir / "run" / fmt::format("table.{}.{}.pb", row.workspace, row.name);
}

// Whether a new one has to be made. What only routers and URIs have of the attachment may change
// under it.
bool is_same(const domain::ComputeTarget& a, const domain::ComputeTarget& b) {
  domain::ClusterAttachment left = *a.cluster;
  left.purpose = b.cluster->purpose;
  left.service_type = b.cluster->service_type;
  left.scoring_base = b.cluster->scoring_base;
  return a.created == b.created && left == *b.cluster;
}

}  // namespace

Result<> Targets::start() {
  refresh();
  TIDEGATE_TRY_VOID(local_->start());
  timer_.start(kPeriod, [this] { tick(); });
  return {};
}

void Targets::stop() {
  stopped_ = true;
  timer_.cancel();
  local_->stop();
  for (auto& [key, cluster] : clusters_) {
    cluster.target->stop();
    cluster.routers->stop();
    log(Level::info, "cluster_services_stay",
        {{"compute", key.second},
         {"note", "services on a cluster run on without control; delete them to end them"}});
  }
}

void Targets::tick() {
  refresh();
  std::erase_if(ending_, [](const Cluster& cluster) {
    return cluster.target->is_idle() && cluster.routers->is_idle();
  });
  timer_.start(kPeriod, [this] { tick(); });
}

Target& Targets::find(const std::string& workspace, const std::string& compute_name) {
  auto found = clusters_.find({workspace, compute_name});
  return found == clusters_.end() ? *local_ : *found->second.target;
}

std::string Targets::waiting_for(const std::string& operation_id) {
  std::vector<Target*> all{local_.get()};
  for (auto& [key, cluster] : clusters_) all.push_back(cluster.target.get());
  for (Target* target : all) {
    const auto& waits = target->context().memory.waiting_for;
    if (auto found = waits.find(operation_id); found != waits.end()) return found->second;
  }
  return {};
}

std::vector<Targets::Named> Targets::clusters() {
  std::vector<Named> named;
  for (auto& [key, cluster] : clusters_) {
    named.push_back({key.first, key.second, cluster.target.get()});
  }
  return named;
}

void Targets::hold_repairs(const std::string& workspace, const std::string& name,
                           std::function<void()> then) {
  auto found = clusters_.find({workspace, name});
  if (found == clusters_.end()) return then();
  found->second.routers->keeper().hold(std::move(then));
}

void Targets::let_repairs(const std::string& workspace, const std::string& name) {
  auto found = clusters_.find({workspace, name});
  if (found != clusters_.end()) found->second.routers->keeper().release();
}

// So that URIs of services name the place where their routers are reached.
void Targets::note_moved(const Key& key, const Json& service) {
  auto row = store::find_compute(*shared_.store.db, key.first, key.second);
  if (!row || !*row || !(*row)->cluster) return;
  std::string& base = (*row)->cluster->scoring_base;
  std::string now = backend::kubernetes::scoring_base_now(base, service);
  if (now == base) return;
  base = now;
  log(Level::warning, "routers_moved", {{"compute", key.second}, {"scoring_base", now}});
  log_failure("routers_moved", store::update_compute(*shared_.store.db, **row));
}

Result<std::map<Targets::Key, domain::ComputeTarget>> Targets::rows() const {
  std::map<Key, domain::ComputeTarget> rows;
  store::Database& db = *shared_.store.db;
  TIDEGATE_TRY(auto workspaces, store::list_workspaces(db));
  for (const store::Workspace& workspace : workspaces) {
    TIDEGATE_TRY(auto computes, store::list_computes(db, workspace.name));
    for (domain::ComputeTarget& row : computes) {
      if (row.kind != domain::ComputeKind::kubernetes || !row.cluster) continue;
      Key key{row.workspace, row.name};
      rows.emplace(std::move(key), std::move(row));
    }
  }
  return rows;
}

void Targets::refresh() {
  std::uint64_t changes = shared_.store.db->changes();
  bool again = is_incomplete_ && shared_.clock.mono() >= again_at_;
  if (stopped_ || (has_looked_ && changes == changes_ && !again)) return;
  auto now = rows();
  if (!now) return log_failure("read_computes", std::unexpected(now.error()));
  changes_ = changes;
  has_looked_ = true;
  is_incomplete_ = false;
  known_.clear();
  for (const auto& [key, row] : *now) known_.insert(key);
  for (auto at = clusters_.begin(); at != clusters_.end();) {
    auto row = now->find(at->first);
    if (row != now->end() && is_same(at->second.row, row->second)) {
      ++at;
      continue;
    }
    end(std::move(at->second));
    at = clusters_.erase(at);
  }
  for (const auto& [key, row] : *now) {
    if (!clusters_.contains(key)) begin(key, row);
  }
}

void Targets::begin(const Key& key, const domain::ComputeTarget& row) {
  auto cluster = make(row);
  if (!cluster) {
    is_incomplete_ = true;
    again_at_ = shared_.clock.mono() + kMakeAgain;
    return log(Level::error, "cluster_not_usable",
               {{"compute", row.name}, {"reason", cluster.error().message}});
  }
  log_failure("start_cluster", cluster->target->start());
  clusters_.emplace(key, std::move(*cluster));
  log(Level::info, "cluster_target",
      {{"compute", row.name}, {"namespace", row.cluster->kube_namespace}});
}

Result<Targets::Cluster> Targets::make(const domain::ComputeTarget& row) {
  if (!make_cluster_) return fail(Code::internal, "clusters are not offered by this program");
  // By name: the target may be gone when the word comes in.
  auto on_change = [this, key = Key{row.workspace, row.name}] {
    shared_.loop.post([this, key] {
      auto found = clusters_.find(key);
      if (found != clusters_.end()) found->second.target->kick();
    });
  };
  TIDEGATE_TRY(auto parts, make_cluster_(row, std::move(on_change)));
  auto routers = std::make_unique<ClusterRouters>(
      *parts->client, *row.cluster, row.workspace + "/" + row.name, shared_.loop, shared_.clock,
      [this, key = Key{row.workspace, row.name}](const Json& service) {
        note_moved(key, service);
      });
  ClusterRouters* kept = routers.get();
  auto owns = [workspace = row.workspace, name = row.name](const domain::ServiceSpec& spec) {
    return spec.workspace == workspace && spec.compute_name == name;
  };
  backend::Backend& backend = *parts->backend;
  auto environments = std::move(parts->environments);
  TargetParts made{.cluster = std::move(parts),
                   .backend = backend,
                   .environments = std::move(environments),
                   .routers = std::move(routers),
                   .table_file = table_file_of(shared_.options, row),
                   .owns = std::move(owns)};
  return Cluster{row, std::make_unique<Target>(shared_, std::move(made)), kept};
}

// It may be in the middle of something: destroyed once it is not.
void Targets::end(Cluster cluster) {
  cluster.target->stop();
  cluster.routers->stop();
  std::error_code ignored;
  std::filesystem::remove(table_file_of(shared_.options, cluster.row), ignored);
  log(Level::info, "cluster_target_ended", {{"compute", cluster.row.name}});
  ending_.push_back(std::move(cluster));
}

Context& context_for(Context& context, const domain::ServiceSpec& spec) {
  return context.targets.find(spec.workspace, spec.compute_name).context();
}

}  // namespace tidegate::control
