#include "control/attach.h"

#include <memory>
#include <thread>

#include <fmt/format.h>

#include "backend/kubernetes/attachment.h"
#include "backend/kubernetes/router_workload.h"
#include "base/ids.h"
#include "base/json_path.h"
#include "base/log.h"
#include "control/cluster_access.h"
#include "control/error_json.h"
#include "control/housekeeping.h"
#include "control/operation_notes.h"
#include "control/rest/compute_json.h"
#include "control/targets.h"
#include "store/computes.h"
#include "table/table.h"

namespace tidegate::control {
namespace {

using backend::kubernetes::Attachment;
using domain::ComputeTarget;

// What a job on a worker needs, by value or safe from any thread.
struct Job {
  ComputeTarget target;
  ClusterAccess& access;
  const Clock& clock;
  const store::OperationLogs& logs;
  std::string operation_id;
  bool is_again = false;  // attached already: what runs there is in use

  void say(std::string_view line) const {
    log_failure("operation_log", logs.append(operation_id, clock.wall(), line));
  }
  // Its client outlives it.
  Attachment attachment(kube::Client& client) const {
    table::Table first;
    first.version = 1;
    return Attachment(*target.cluster, target.workspace + "/" + target.name,
                      {.client = client,
                       .clock = clock,
                       .sleep = [](Milliseconds time) { std::this_thread::sleep_for(time); },
                       .on_line =
                           [this](std::string_view line) {
                             if (!operation_id.empty()) say(line);
                           },
                       .first_table = table::encode(first)});
  }
};

constexpr std::string_view kNoClusters = "this server attaches no clusters";
constexpr std::string_view kBusy = "the server has too much to do; try again";

Result<std::shared_ptr<Job>> make_job(Context& context, const ComputeTarget& target,
                                      std::string operation_id) {
  if (context.options.clusters == nullptr) return fail(Code::unavailable, std::string(kNoClusters));
  return std::make_shared<Job>(Job{target, *context.options.clusters, context.clock,
                                   context.store.logs, std::move(operation_id)});
}

domain::Complaints check(const Job& job) {
  domain::Complaints complaints;
  auto client = job.access.connect(*job.target.cluster);
  if (!client) {
    complaints.add("kubeconfig", client.error().message);
    return complaints;
  }
  auto registry = job.access.registry(job.target.cluster->registry);
  Attachment attachment = job.attachment(**client);
  domain::Complaints found = attachment.check(*registry);
  const domain::RegistryAccess& global = job.target.cluster->global_registry;
  bool is_global = !global.address.empty() && job.target.cluster->default_base_image.starts_with(
                                                  fmt::format("{}/", oci::host_of(global.address)));
  auto of_global = is_global ? job.access.registry(global) : nullptr;
  attachment.check_base_image(of_global ? *of_global : *registry, found);
  for (const domain::Complaint& one : found.problems()) {
    complaints.add("properties.tidegate." + one.where, one.what);
  }
  return complaints;
}

Result<std::string> pinned_agent(const Job& job) {
  const domain::ClusterAttachment& cluster = *job.target.cluster;
  TIDEGATE_TRY(auto pinned, job.access.registry(cluster.registry)->pinned(cluster.agent_image));
  if (pinned) return std::move(*pinned);
  return fail(Code::not_found, fmt::format("{} has left the registry", cluster.agent_image));
}

Result<Attachment::Installed> install(Job& job) {
  TIDEGATE_TRY(job.target.cluster->agent_image, pinned_agent(job));
  TIDEGATE_TRY(auto client, job.access.connect(*job.target.cluster));
  Attachment attachment = job.attachment(*client);
  auto installed = attachment.install();
  if (installed) return installed;
  job.say(fmt::format("ERROR: {}", installed.error().message));
  if (job.is_again) return installed;
  job.say("taking out what was installed");
  if (auto undone = attachment.rollback(); !undone) {
    installed.error().message +=
        fmt::format("; and not everything could be taken out again of namespace {}: {}",
                    job.target.cluster->kube_namespace, undone.error().message);
  }
  return installed;
}

Result<> uninstall(const Job& job, bool is_forced) {
  TIDEGATE_TRY(auto client, job.access.connect(*job.target.cluster));
  auto done = job.attachment(*client).uninstall(is_forced);
  if (done || !is_forced) return done;
  job.say(fmt::format("WARNING: {}; forced, so the target is forgotten, and namespace {} stays",
                      done.error().message, job.target.cluster->kube_namespace));
  return {};
}

std::string row_name(const std::string& compute) {
  return "computes/" + compute;
}

Result<std::string> add_change(Context& context, const ComputeTarget& target,
                               std::string_view kind) {
  store::StoredOperation stored;
  stored.operation.id = random_uuid4(context.random);
  stored.operation.kind = std::string(kind);
  stored.operation.workspace = target.workspace;
  stored.operation.service_name = row_name(target.name);
  stored.operation.state = domain::OperationState::running;
  stored.operation.step = std::string(kind);
  stored.operation.request = to_text(compute_json(context, target, "Creating"));
  stored.operation.created = context.clock.wall();
  stored.operation.ended = WallTime{};
  TIDEGATE_TRY_VOID(store::add_operation(*context.store.db, stored));
  return stored.operation.id;
}

// Together with the row that the change is about: whoever sees one sees the other.
void end_change(Context& context, const Job& job, const Error* error,
                const std::function<Result<>(store::Database&)>& change_row) {
  auto& db = *context.store.db;
  std::string text = error == nullptr ? "" : to_text(to_json(error_body(*error)));
  Result<> done = db.transact([&]() -> Result<> {
    if (error == nullptr) TIDEGATE_TRY_VOID(change_row(db));
    return change_operation(db, job.operation_id, [&](store::StoredOperation& one) {
      one.operation.state =
          error == nullptr ? domain::OperationState::succeeded : domain::OperationState::failed;
      one.operation.error = text;
      one.operation.ended = context.clock.wall();
    });
  });
  log(error == nullptr && done ? Level::info : Level::warning, "compute_changed",
      {{"compute", job.target.name},
       {"operation", job.operation_id},
       {"outcome", error == nullptr ? "succeeded" : error->message}});
  context.memory.waiting_for.erase(job.operation_id);
  context.targets.let_repairs(job.target.workspace, job.target.name);
  if (!done && error == nullptr) return end_change(context, job, &done.error(), change_row);
  log_failure("end_change", done);
  context.kick();
}

}  // namespace

void check_attachment(Context& context, const ComputeTarget& target,
                      const std::function<void(domain::Complaints)>& done) {
  auto job = make_job(context, target, "");
  domain::Complaints complaints;
  bool started = job && context.pool.start([job = *job] { return check(*job); }, done);
  if (started) return;
  complaints.add("properties.tidegate", job ? std::string(kBusy) : job.error().message);
  done(std::move(complaints));
}

Result<std::string> start_attach(Context& context, const ComputeTarget& target) {
  ComputeTarget wanted = target;
  wanted.cluster->link_token = Secret(random_key(context.random));
  TIDEGATE_TRY(auto job, make_job(context, wanted, ""));
  TIDEGATE_TRY(auto known, store::find_compute(*context.store.db, target.workspace, target.name));
  job->is_again = known.has_value();
  TIDEGATE_TRY(job->operation_id, add_change(context, target, kAttachCompute));
  auto finish = [&context, job](Result<Attachment::Installed> installed) {
    if (!installed) return end_change(context, *job, &installed.error(), {});
    job->target.cluster->scoring_base = installed->scoring_base;
    job->target.cluster->link_token = installed->link_token;
    end_change(context, *job, nullptr, [&](store::Database& db) {
      return job->is_again ? store::update_compute(db, job->target)
                           : store::add_compute(db, job->target);
    });
  };
  context.memory.waiting_for[job->operation_id] = "the routers of " + target.name;
  context.targets.hold_repairs(target.workspace, target.name, [&context, job, finish] {
    if (context.pool.start([job] { return install(*job); }, finish)) return;
    finish(fail(Code::unavailable, std::string(kBusy)));
  });
  return job->operation_id;
}

Result<std::string> start_detach(Context& context, const ComputeTarget& target, bool is_forced) {
  TIDEGATE_TRY(auto job, make_job(context, target, ""));
  TIDEGATE_TRY(job->operation_id, add_change(context, target, kDetachCompute));
  auto finish = [&context, job](Result<> done) {
    end_change(context, *job, done ? nullptr : &done.error(), [&](store::Database& db) {
      return store::remove_compute(db, job->target.workspace, job->target.name);
    });
    if (done) remove_unused_images(context);
  };
  context.memory.waiting_for[job->operation_id] = "what is installed to be gone";
  context.targets.hold_repairs(target.workspace, target.name, [&context, job, is_forced, finish] {
    if (context.pool.start([job, is_forced] { return uninstall(*job, is_forced); }, finish)) return;
    finish(fail(Code::unavailable, std::string(kBusy)));
  });
  return job->operation_id;
}

Result<std::optional<store::StoredOperation>> running_change(Context& context,
                                                             const std::string& workspace,
                                                             const std::string& name) {
  TIDEGATE_TRY(auto running, store::list_running_operations(*context.store.db));
  for (store::StoredOperation& one : running) {
    bool is_it =
        one.operation.workspace == workspace && one.operation.service_name == row_name(name);
    if (is_it) return std::optional(std::move(one));
  }
  return std::optional<store::StoredOperation>();
}

void ask_routers(Context& context, const ComputeTarget& target,
                 const std::function<void(Json)>& done) {
  auto job = make_job(context, target, "");
  auto ask = [](const Job& of) -> Json {
    auto client = of.access.connect(*of.target.cluster);
    if (!client) return Json{{"error", client.error().message}};
    auto space = (*client)->get(kube::kNamespace, {.name = of.target.cluster->kube_namespace});
    auto going = space ? backend::kubernetes::deletion_of(*space) : std::nullopt;
    if (going) return Json{{"error", *going + ", with the routers in it"}};
    auto found =
        (*client)->get(kube::kDeployment, {.namespace_ = of.target.cluster->kube_namespace,
                                           .name = std::string(backend::kubernetes::kRouterName)});
    if (!found) return Json{{"error", found.error().message}};
    return Json{{"ready", number_at(*found, {"status", "readyReplicas"})},
                {"wanted", backend::kubernetes::router_count(*of.target.cluster)}};
  };
  bool started = job && context.pool.start([job = *job, ask] { return ask(*job); }, done);
  if (!started) done(Json{{"error", job ? kBusy : kNoClusters}});
}

Result<> end_cut_changes(Context& context) {
  TIDEGATE_TRY(auto running, store::list_running_operations(*context.store.db));
  for (store::StoredOperation& one : running) {
    bool is_attach = one.operation.kind == kAttachCompute;
    if (!is_attach && one.operation.kind != kDetachCompute) continue;
    Error error{Code::cancelled,
                fmt::format("the server ended before this did; {} again: it goes on from what is "
                            "in the cluster",
                            is_attach ? "attach" : "detach")};
    one.operation.state = domain::OperationState::failed;
    one.operation.error = to_text(to_json(error_body(error)));
    one.operation.ended = context.clock.wall();
    TIDEGATE_TRY_VOID(store::update_operation(*context.store.db, one));
  }
  return {};
}

}  // namespace tidegate::control
