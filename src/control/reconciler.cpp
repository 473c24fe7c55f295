#include "control/reconciler.h"

#include <algorithm>
#include <set>

#include "base/log.h"
#include "control/actions/actions.h"
#include "control/build_table.h"
#include "control/operation_notes.h"
#include "control/progress.h"

namespace tidegate::control {
namespace {

constexpr Milliseconds kAtOnce{5};      // something was done or came in
constexpr Milliseconds kChanging{100};  // waiting for the world to become as wanted
constexpr Milliseconds kQuiet{250};     // how late the end of a replica may be noticed
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
  context_.lane.start(
      [&backend = context_.backend] { return backend.observe(); },
      [this](Result<std::vector<backend::Replica>> replicas) { on_look(std::move(replicas)); });
}

void Reconciler::on_look(Result<std::vector<backend::Replica>> replicas) {
  looking_ = false;
  if (stopped_) return;
  if (!replicas) {
    log(Level::error, "backend_unseen", {{"reason", replicas.error().message}});
    return schedule(kQuiet);
  }
  go_round(std::move(*replicas));
}

void Reconciler::go_round(std::vector<backend::Replica> replicas) {
  remember(std::move(replicas));
  if (!reload_world()) return schedule(kQuiet);
  forgive_old_crashes();
  // Before planning: an operation ends only when the table that shows its result is in force.
  Observed observed = observe();
  log_failure("publish_table", context_.traffic.publish(build_table(world_, observed)));
  int done = act_on(observe());
  bool was_kicked = std::exchange(again_, false);
  rounds_in_a_row_ = done > 0 ? rounds_in_a_row_ + 1 : 0;
  bool soon = was_kicked || (done > 0 && rounds_in_a_row_ < kRoundsInARowMax);
  schedule(soon ? kAtOnce : is_changing() ? kChanging : kQuiet);
}

bool Reconciler::reload_world() {
  std::uint64_t changes = context_.store.db->changes();
  if (has_world_ && changes == world_changes_) return true;
  auto world = load_world(*context_.store.db);
  if (!world) {
    log(Level::error, "store_unread", {{"reason", world.error().message}});
    return false;
  }
  world_ = std::move(*world);
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
    seen.address = replica.address;
    seen.exit = replica.exit;
  }
  std::erase_if(context_.memory.replicas,
                [&](const auto& entry) { return !ids.contains(entry.first); });
  context_.memory.last_seen = std::move(replicas);
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
                  .table_in_force = context_.traffic.in_force()};
}

int Reconciler::act_on(const Observed& observed) {
  MonoTime now = context_.clock.mono();
  int count = 0;
  for (const ServiceWanted& service : world_.services) {
    std::string waits = describe_wait(service, observed, now);
    if (service.operation) context_.memory.waiting_for[operation_of(service)] = std::move(waits);
    for (const Action& action : plan(service, observed, context_.limits, now)) {
      execute(context_, service, action);
      ++count;
    }
  }
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
