#include "control/control.h"

#include <optional>

#include "base/log.h"
#include "control/attach.h"
#include "control/context.h"
#include "control/housekeeping.h"
#include "control/operation_notes.h"
#include "control/reconciler.h"
#include "control/rest/rest_server.h"
#include "control/secrets.h"
#include "control/shutdown.h"

namespace tidegate::control {
namespace {

// Jobs mostly wait for other programs and for the disk.
constexpr int kPoolThreads = 6;

PlanLimits limits_of(const ControlOptions& options) {
  PlanLimits limits;
  limits.start_limit = options.start_limit;
  return limits;
}

}  // namespace

// Everything that needs an open store. The order is that of construction: whoever calls back comes
// after what it calls.
struct Parts {
  Parts(const ControlOptions& options, const Clock& clock, Random& random,
        os::CommandRunner& runner, backend::Backend& machine, http::Loop& loop, store::Store opened,
        Secret token, Secret signing_key)
      : store(std::move(opened)),
        environments(options.data_dir / "environments", options.uv, runner, random),
        links(loop, clock),
        traffic(options.data_dir / "run" / "table.pb", links, clock),
        lane(loop, /*threads=*/1),
        pool(loop, kPoolThreads),
        context{.options = options,
                .clock = clock,
                .random = random,
                .runner = runner,
                .backend = machine,
                .store = store,
                .environments = environments,
                .lane = lane,
                .pool = pool,
                .links = links,
                .traffic = traffic,
                .memory = memory,
                .limits = limits_of(options),
                .api_token = std::move(token),
                .signing_key = std::move(signing_key),
                .kick = [this] { reconciler.kick(); }},
        reconciler(context, loop),
        housekeeping(context, loop),
        shutdown(context, loop),
        rest(context, loop) {
    memory.isolation = machine.isolation();
    links.on_change([this] { reconciler.kick(); });
  }

  store::Store store;
  image::Environments environments;
  Memory memory;
  RouterLinks links;
  Traffic traffic;
  Workers lane;
  Workers pool;
  Context context;
  Reconciler reconciler;
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
                 std::vector<os::UniqueFd> api_listeners, os::UniqueFd link_listener)
    : impl_(new Impl{std::move(options),
                     clock,
                     random,
                     runner,
                     machine,
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
  parts = std::make_unique<Parts>(options, clock, random, runner, machine, loop, std::move(store),
                                  std::move(token), std::move(signing_key));
  parts->housekeeping.start();
  TIDEGATE_TRY_VOID(end_cut_changes(parts->context));
  TIDEGATE_TRY_VOID(parts->traffic.load());
  TIDEGATE_TRY_VOID(listen());
  parts->reconciler.start();
  log(Level::info, "control_started",
      {{"data", options.data_dir.string()}, {"isolation", parts->memory.isolation}});
  return {};
}

Result<> Control::Impl::listen() {
  TIDEGATE_TRY_VOID(parts->links.listen(std::move(link_listener)));
  for (os::UniqueFd& listener : api_listeners) {
    TIDEGATE_TRY_VOID(parts->rest.add_listener(std::move(listener)));
  }
  return {};
}

void Control::Impl::stop(bool stop_replicas) {
  parts->reconciler.stop();
  parts->rest.drain([] {});
  if (!stop_replicas) return loop.stop();
  parts->shutdown.start([this] { loop.stop(); });
}

}  // namespace tidegate::control
