#include "control/target.h"

namespace tidegate::control {
namespace {

PlanLimits limits_of(const ControlOptions& options) {
  PlanLimits limits;
  limits.start_limit = options.start_limit;
  limits.schedule_limit = options.schedule_limit;
  limits.pull_limit = options.pull_limit;
  return limits;
}

}  // namespace

Target::Target(const Shared& shared, TargetParts parts)
    : cluster_(std::move(parts.cluster)),
      environments_(std::move(parts.environments)),
      routers_(std::move(parts.routers)),
      traffic_(std::move(parts.table_file), *routers_, shared.clock),
      lane_(shared.loop, /*threads=*/1),
      pool_(shared.loop, parts.pool_threads),
      context_{.options = shared.options,
               .clock = shared.clock,
               .random = shared.random,
               .runner = shared.runner,
               .backend = parts.backend,
               .store = shared.store,
               .environments = *environments_,
               .lane = lane_,
               .pool = pool_,
               .links = *routers_,
               .traffic = traffic_,
               .memory = memory_,
               .targets = shared.targets,
               .owns = std::move(parts.owns),
               .limits = limits_of(shared.options),
               .api_token = shared.api_token,
               .signing_key = shared.signing_key,
               .kick = [this] { reconciler_.kick(); }},
      reconciler_(context_, shared.loop) {
  memory_.isolation = parts.backend.isolation();
  routers_->on_change([this] { reconciler_.kick(); });
}

Result<> Target::start() {
  TIDEGATE_TRY_VOID(traffic_.load());
  reconciler_.start();
  return {};
}

}  // namespace tidegate::control
