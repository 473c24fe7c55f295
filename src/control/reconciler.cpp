#include "control/reconciler.h"

#include <algorithm>
#include <set>

#include "base/log.h"
#include "control/actions/actions.h"
#include "control/build_table.h"
#include "control/operation_notes.h"
#include "control/plan_deployment.h"
#include "control/progress.h"
#include "control/targets.h"

namespace tidegate::control {
namespace {

constexpr Milliseconds kAtOnce{5};      // something was done or came in
constexpr Milliseconds kChanging{100};  // waiting for the world to become as wanted
constexpr Milliseconds kQuiet{250};     // how late the end of a replica may be noticed
constexpr Milliseconds kBlind{1'000};   // the backend is away
// An action that fails is asked for again in each round: then not at full speed.
constexpr int kRoundsInARowMax = 50;
constexpr std::chrono::seconds kForgiveAfter{60};

bool is_settled(const ServiceWanted& service, const Memory& memory) {
  if (service.operation || service.stored.deleting) return false;
  return std::ranges::all_of(service.versions, [&](const VersionWanted& wanted) {
    return wanted.version.phase == store::VersionPhase::current &&
           std::ranges::all_of(wanted.replicas, [&](const store::Replica& replica) {
             auto seen = memory.replicas.find(replica.id);
             return !replica.retiring && seen != memory.replicas.end() &&
                    seen->second.phase == backend::ReplicaPhase::ready;
           });
  });
}

// Since when it is missing or in trouble.
void note_seen(VersionMemory& memory, const backend::VersionSeen* seen, MonoTime now) {
  if (!is_missing(seen)) {
    memory.missing_since.reset();
  } else if (!memory.missing_since) {
    memory.missing_since = now;
  }
  std::string code = seen != nullptr && seen->trouble ? seen->trouble->code : "";
  if (code == memory.trouble_code) return;
  memory.trouble_code = std::move(code);
  memory.trouble_since = now;
}

}  // namespace

Reconciler::Reconciler(Context& context, http::Loop& loop) : context_(context), timer_(loop) {}

void Reconciler::kick() {
  if (stopped_) return;
  if (looking_) {
    again_ = true;
  } else {
    schedule(kAtOnce);
  }
}

void Reconciler::stop() {
  stopped_ = true;
  timer_.cancel();
}

void Reconciler::schedule(Milliseconds delay) {
  timer_.start(delay, [this] { look(); });
}

void Reconciler::look() {
  if (stopped_ || looking_) return;
  looking_ = true;
  context_.lane.start([&backend = context_.backend] { return look_at(backend); },
                      [this](Result<Seen> seen) { on_look(std::move(seen)); });
}

Result<Reconciler::Seen> Reconciler::look_at(backend::Backend& backend) {
  Seen seen;
  TIDEGATE_TRY(seen.replicas, backend.observe());
  if (!backend.keeps_count()) return seen;
  TIDEGATE_TRY(seen.versions, backend.observe_versions());
  return seen;
}

void Reconciler::on_look(Result<Seen> seen) {
  looking_ = false;
  if (stopped_) return;
  if (!seen) return on_blind(seen.error());
  blind_because_.clear();
  go_round(std::move(*seen));
}

// Nothing is decided about what cannot be seen; people are told what is waited for.
void Reconciler::on_blind(const Error& error) {
  schedule(kBlind);
  if (blind_because_ != error.message) {
    blind_because_ = error.message;
    log(Level::error, "backend_unseen", {{"reason", error.message}});
  }
  if (!reload_world()) return;
  for (const ServiceWanted& service : world_.services) {
    if (!service.operation) continue;
    context_.memory.waiting_for[operation_of(service)] =
        "waiting for the compute target, which cannot be looked at: " + error.message;
  }
}

void Reconciler::go_round(Seen seen) {
  if (!reload_world()) return schedule(kQuiet);
  remember(std::move(seen.replicas));
  if (context_.backend.keeps_count()) remember_versions(std::move(seen.versions));
  forgive_old_crashes();
  publish();
  tell_news();
  int done = act_on(observe());
  bool was_kicked = std::exchange(again_, false);
  rounds_in_a_row_ = done > 0 ? rounds_in_a_row_ + 1 : 0;
  bool soon = was_kicked || (done > 0 && rounds_in_a_row_ < kRoundsInARowMax);
  schedule(soon ? kAtOnce : is_changing() ? kChanging : kQuiet);
}

// Before planning: an operation ends only when the table that shows its result is in force.
void Reconciler::publish() {
  auto services = context_.backend.keeps_count() ? build_cluster_table(world_, context_.signing_key)
                                                 : build_table(world_, observe());
  log_failure("publish_table", context_.traffic.publish(std::move(services)));
}

bool Reconciler::reload_world() {
  std::uint64_t changes = context_.store.db->changes();
  if (has_world_ && changes == world_changes_) return true;
  context_.targets.refresh();  // who owns what may have changed with it
  if (stopped_) return false;
  auto world = load_world(*context_.store.db);
  if (!world) {
    log(Level::error, "store_unread", {{"reason", world.error().message}});
    return false;
  }
  world_ = std::move(*world);
  std::erase_if(world_.services, [this](const ServiceWanted& service) {
    return !context_.owns(service.stored.service.spec);
  });
  world_changes_ = changes;
  has_world_ = true;
  return true;
}

void Reconciler::remember(std::vector<backend::Replica> replicas) {
  MonoTime now = context_.clock.mono();
  std::set<std::string> ids;
  for (const backend::Replica& replica : replicas) {
    ids.insert(replica.id);
    auto [entry, is_new] = context_.memory.replicas.try_emplace(replica.id);
    ReplicaSeen& seen = entry->second;
    if (is_new || seen.phase != replica.phase) seen.since = now;
    seen.phase = replica.phase;
    seen.version_id = replica.version_id;
    seen.address = replica.address;
    seen.exit_record = replica.exit_record;
    seen.exit = replica.exit;
  }
  std::erase_if(context_.memory.replicas,
                [&](const auto& entry) { return !ids.contains(entry.first); });
  context_.memory.last_seen = std::move(replicas);
}

void Reconciler::remember_versions(std::vector<backend::VersionSeen> versions) {
  MonoTime now = context_.clock.mono();
  auto& seen = context_.memory.versions_seen;
  seen.clear();
  for (backend::VersionSeen& version : versions) {
    std::string id = version.version_id;
    seen.emplace(std::move(id), std::move(version));
  }
  for (const ServiceWanted& service : world_.services) {
    for (const VersionWanted& wanted : service.versions) {
      auto [entry, is_new] = context_.memory.versions.try_emplace(wanted.version.id);
      if (entry->second.first_seen == MonoTime{}) entry->second.first_seen = now;
      auto found = seen.find(wanted.version.id);
      note_seen(entry->second, found == seen.end() ? nullptr : &found->second, now);
    }
  }
}

void Reconciler::forgive_old_crashes() {
  MonoTime now = context_.clock.mono();
  for (const backend::Replica& replica : context_.memory.last_seen) {
    auto found = context_.memory.versions.find(replica.version_id);
    if (found == context_.memory.versions.end() || found->second.crashes == 0) continue;
    const ReplicaSeen& seen = context_.memory.replicas.at(replica.id);
    bool has_stayed =
        seen.phase == backend::ReplicaPhase::ready && now - seen.since > kForgiveAfter;
    if (has_stayed && now - found->second.last_crash > kForgiveAfter) found->second.crashes = 0;
  }
}

Observed Reconciler::observe() const {
  return Observed{.replicas = context_.memory.replicas,
                  .traffic = context_.traffic.replicas(),
                  .versions = context_.memory.versions,
                  .versions_seen = context_.memory.versions_seen,
                  .version_traffic = context_.traffic.versions(),
                  .table_in_force = context_.traffic.in_force(),
                  .routers_trouble = context_.links.trouble()};
}

std::vector<Action> Reconciler::plan_for(const ServiceWanted& service, const Observed& observed,
                                         MonoTime now) const {
  return context_.backend.keeps_count() ? plan_deployment(service, observed, context_.limits, now)
                                        : plan(service, observed, context_.limits, now);
}

void Reconciler::tell_news() {
  for (const std::string& text : context_.links.take_news()) {
    for (const ServiceWanted& service : world_.services)
      note(context_, operation_of(service), text);
  }
}

int Reconciler::act_on(const Observed& observed) {
  MonoTime now = context_.clock.mono();
  bool keeps_count = context_.backend.keeps_count();
  int count = 0;
  for (const ServiceWanted& service : world_.services) {
    if (service.operation) {
      context_.memory.waiting_for[operation_of(service)] =
          keeps_count ? describe_deployment_wait(service, observed, now)
                      : describe_wait(service, observed, now);
    }
    for (const Action& action : plan_for(service, observed, now)) {
      execute(context_, service, action);
      ++count;
    }
  }
  // A cluster may be shared: what is there without a row is somebody else's.
  if (keeps_count) return count;
  for (const Action& action : plan_strays(world_, observed, context_.limits)) {
    execute(context_, ServiceWanted{}, action);
    ++count;
  }
  return count;
}

bool Reconciler::is_changing() const {
  return !std::ranges::all_of(world_.services, [this](const ServiceWanted& service) {
    return is_settled(service, context_.memory);
  });
}

}  // namespace tidegate::control
