#include "control/shutdown.h"

#include <algorithm>

#include "base/log.h"
#include "control/operation_notes.h"
#include "control/world.h"

namespace tidegate::control {
namespace {

// The routers have drained already: what is still running are requests whose clients were given up.
constexpr Milliseconds kGraceMax{30'000};
constexpr Milliseconds kSlack{5'000};
constexpr Milliseconds kPoll{50};

}  // namespace

// By replica id, for those the store knows.
Result<std::map<std::string, Milliseconds>> Shutdown::graces() const {
  TIDEGATE_TRY(World world, load_world(*context_.store.db));
  std::map<std::string, Milliseconds> graces;
  for (const ServiceWanted& service : world.services) {
    for (const VersionWanted& wanted : service.versions) {
      for (const store::Replica& replica : wanted.replicas) {
        graces[replica.id] = std::min(
            kGraceMax, stop_grace_of(wanted.version.spec, replica.was_ready, context_.limits));
      }
    }
  }
  return graces;
}

void Shutdown::start(http::Task done) {
  done_ = std::move(done);
  auto known = graces();
  log_failure("shutdown", known ? Result<>() : std::unexpected(known.error()));
  Milliseconds longest{0};
  for (const backend::Replica& replica : context_.memory.last_seen) {
    Milliseconds grace = context_.limits.idle_grace;
    if (known && known->contains(replica.id)) grace = known->at(replica.id);
    longest = std::max(longest, grace);
    context_.lane.start(
        [&backend = context_.backend, id = replica.id, grace] { return backend.stop(id, grace); },
        [](const Result<>& stopped) { log_failure("stop_replica", stopped); });
  }
  log(Level::info, "stopping_replicas", {{"count", context_.memory.last_seen.size()}});
  give_up_at_ = context_.clock.mono() + longest + kSlack;
  look();
}

void Shutdown::look() {
  context_.lane.start(
      [&backend = context_.backend] { return backend.observe(); },
      [this](const Result<std::vector<backend::Replica>>& replicas) { on_look(replicas); });
}

void Shutdown::on_look(const Result<std::vector<backend::Replica>>& replicas) {
  bool all_over = replicas && std::ranges::all_of(*replicas, [](const backend::Replica& one) {
                    return one.phase == backend::ReplicaPhase::exited;
                  });
  if (all_over) return clean_up(*replicas);
  if (context_.clock.mono() >= give_up_at_) {
    log(Level::error, "replicas_left", {{"reason", "they did not end in time"}});
    return finish();
  }
  timer_.start(kPoll, [this] { look(); });
}

// Their rows go too: the next start makes new ones.
void Shutdown::clean_up(const std::vector<backend::Replica>& replicas) {
  std::vector<std::string> ids;
  for (const backend::Replica& replica : replicas) ids.push_back(replica.id);
  context_.lane.start(
      [&backend = context_.backend, ids] {
        std::vector<std::string> forgotten;
        for (const std::string& id : ids) {
          if (backend.forget(id)) forgotten.push_back(id);
        }
        return forgotten;
      },
      [this](const std::vector<std::string>& forgotten) {
        log_failure("forget_replicas", context_.store.db->transact([&]() -> Result<> {
          for (const std::string& id : forgotten) {
            TIDEGATE_TRY_VOID(store::remove_replica(*context_.store.db, id));
          }
          return {};
        }));
        finish();
      });
}

void Shutdown::finish() {
  http::Task done = std::move(done_);
  done();
}

}  // namespace tidegate::control
