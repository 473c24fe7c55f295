#include "control/control.h"

#include <optional>

#include "base/log.h"
#include "control/attach.h"
#include "control/context.h"
#include "control/housekeeping.h"
#include "control/operation_notes.h"
#include "control/rest/rest_server.h"
#include "control/router_links.h"
#include "control/secrets.h"
#include "control/shutdown.h"
#include "control/targets.h"

namespace tidegate::control {
namespace {

// Jobs mostly wait for other programs and for the disk.
constexpr int kPoolThreads = 6;

}  // namespace

// Everything that needs an open store. The order is that of construction: whoever calls back comes
// after what it calls.
struct Parts {
  Parts(const ControlOptions& options, const Clock& clock, Random& random,
        os::CommandRunner& runner, backend::Backend& machine, MakeCluster make_cluster,
        http::Loop& loop, store::Store opened, Secret token, Secret signing_key)
      : store(std::move(opened)),
        shared{.options = options,
               .clock = clock,
               .random = random,
               .runner = runner,
               .store = store,
               .loop = loop,
               .targets = targets,
               .api_token = std::move(token),
               .signing_key = std::move(signing_key)},
        targets(shared, std::move(make_cluster)),
        local(make_local(machine)),
        housekeeping(local, loop),
        shutdown(local, loop),
        rest(local, loop) {}

  // This machine: found by every name that is no cluster's.
  Context& make_local(backend::Backend& machine) {
    const ControlOptions& options = shared.options;
    auto routers = std::make_unique<RouterLinks>(shared.loop, shared.clock);
    links = routers.get();
    TargetParts parts{
        .cluster = nullptr,
        .backend = machine,
        .environments = std::make_unique<ProviderOf<image::Environments>>(
            options.data_dir / "environments", options.uv, shared.runner, shared.random),
        .routers = std::move(routers),
        .table_file = options.data_dir / "run" / "table.pb",
        .pool_threads = kPoolThreads,
        .owns = [this](const domain::ServiceSpec& spec) {
          return !targets.is_cluster(spec.workspace, spec.compute_name);
        }};
    targets.set_local(std::make_unique<Target>(shared, std::move(parts)));
    return targets.local().context();
  }

  store::Store store;
  Shared shared;
  Targets targets;
  RouterLinks* links = nullptr;  // the local target's
  Context& local;
  Housekeeping housekeeping;
  Shutdown shutdown;
  RestServer rest;
};

struct Control::Impl {
  ControlOptions options;
  const Clock& clock;
  Random& random;
  os::CommandRunner& runner;
  backend::Backend& machine;
  MakeCluster make_cluster;
  std::vector<os::UniqueFd> api_listeners;
  os::UniqueFd link_listener;
  http::Loop loop;
  std::unique_ptr<Parts> parts;

  Result<> begin();
  Result<> listen();
  void stop(bool stop_replicas);
};

Control::Control(ControlOptions options, const Clock& clock, Random& random,
                 os::CommandRunner& runner, backend::Backend& machine,
                 std::vector<os::UniqueFd> api_listeners, os::UniqueFd link_listener,
                 MakeCluster make_cluster)
    : impl_(new Impl{std::move(options),
                     clock,
                     random,
                     runner,
                     machine,
                     std::move(make_cluster),
                     std::move(api_listeners),
                     std::move(link_listener),
                     {},
                     {}}) {}

Control::~Control() = default;

Result<> Control::run() {
  TIDEGATE_TRY_VOID(impl_->begin());
  impl_->loop.run();
  log(Level::info, "control_stopped");
  return {};
}

void Control::stop(bool stop_replicas) {
  impl_->loop.post([impl = impl_.get(), stop_replicas] { impl->stop(stop_replicas); });
}

Result<> Control::Impl::begin() {
  TIDEGATE_TRY(store::Store store, store::Store::open(options.data_dir, clock, random));
  TIDEGATE_TRY(Secret token, load_or_make_token(options.data_dir / "api.token", random));
  TIDEGATE_TRY(Secret signing_key, load_or_make_signing_key(*store.db, random));
  parts = std::make_unique<Parts>(options, clock, random, runner, machine, make_cluster, loop,
                                  std::move(store), std::move(token), std::move(signing_key));
  parts->housekeeping.start();
  TIDEGATE_TRY_VOID(end_cut_changes(parts->local));
  TIDEGATE_TRY_VOID(listen());
  TIDEGATE_TRY_VOID(parts->targets.start());
  log(Level::info, "control_started",
      {{"data", options.data_dir.string()}, {"isolation", parts->local.memory.isolation}});
  return {};
}

Result<> Control::Impl::listen() {
  TIDEGATE_TRY_VOID(parts->links->listen(std::move(link_listener)));
  for (os::UniqueFd& listener : api_listeners) {
    TIDEGATE_TRY_VOID(parts->rest.add_listener(std::move(listener)));
  }
  return {};
}

void Control::Impl::stop(bool stop_replicas) {
  parts->targets.stop();
  parts->rest.drain([] {});
  if (!stop_replicas) return loop.stop();
  parts->shutdown.start([this] { loop.stop(); });
}

}  // namespace tidegate::control
