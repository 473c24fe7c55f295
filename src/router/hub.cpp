#include "router/hub.h"

#include <algorithm>

#include "base/ids.h"
#include "base/log.h"
#include "table/router_page.h"
#include "table/table_file.h"

namespace tidegate::router {
namespace {

// How often the hub looks whether replicas that went have become idle. Only while there are any.
constexpr Milliseconds kDrainedPoll{20};
// For replies that are written when the drain timeout has come.
constexpr Milliseconds kCutGrace{500};

RouterOptions with_defaults(RouterOptions options) {
  options.cores = std::max(options.cores, 1U);
  if (!options.exit_text) options.exit_text = read_exit_record;
  return options;
}

}  // namespace

Hub::Hub(RouterOptions options, const Clock& clock, Random& random,
         std::vector<os::UniqueFd> listeners)
    : options_(with_defaults(std::move(options))),
      router_id_(random_hex(random, 8)),
      clock_(clock),
      random_(random),
      listeners_(std::move(listeners)),
      fleet_(options_.cores, *this),
      drained_timer_(loop_),
      exit_records_(loop_, options_.exit_text, options_.exit_wait),
      stop_timer_(loop_) {}

Hub::~Hub() {
  closed_ = true;
}

Result<> Hub::run() {
  TIDEGATE_TRY_VOID(begin());
  loop_.run();
  end();
  return {};
}

Result<> Hub::begin() {
  TIDEGATE_TRY(auto access_log, telemetry::AccessLog::open(
                                    {.path = options_.access_log, .fd = options_.access_log_fd}));
  access_log_.emplace(std::move(access_log));
  for (unsigned i = 0; i < options_.cores; ++i) {
    const CoreOptions core{.index = i,
                           .body_limits = {.size_max_bytes = options_.body_max_bytes,
                                           .spill_folder = options_.spill_folder},
                           .waiting_max = options_.waiting_max,
                           .writes_access_log = access_log_->is_kept(),
                           .link_token = options_.link_token,
                           .exit_wait = options_.exit_wait};
    cores_.emplace_back(new Core(core, *this, clock_, random_));
  }
  if (!options_.table_path.empty()) load_table();
  TIDEGATE_TRY_VOID(deal_out_listeners());
  for (auto& core : cores_) {
    threads_.emplace_back([loop = &core->loop()] { loop->run(); });
  }
  if (!options_.link_path.empty()) {
    link_.reset(new Link(loop_, options_.link_path, router_id_, *this));
    link_->start();
  }
  return {};
}

// Before the threads run: each core begins with the table on disk.
void Hub::load_table() {
  Result<std::optional<table::Table>> read = table::read_table(options_.table_path);
  if (!read) {
    return log(Level::error, "table_unreadable", {{"error", read.error().message}});
  }
  newest_version_ = applied_version_ = read->has_value() ? (*read)->version : 0;
  const RoutesPtr routes = fleet_.build(read->value_or(table::Table{}));
  fleet_.all_cores_use(fleet_.newest_build());
  for (auto& core : cores_) core->install(routes);
}

Result<> Hub::deal_out_listeners() {
  for (std::size_t i = 0; i < listeners_.size(); ++i) {
    TIDEGATE_TRY_VOID(cores_[i % cores_.size()]->add_listener(std::move(listeners_[i])));
  }
  listeners_.clear();
  return {};
}

void Hub::end() {
  link_.reset();
  for (auto& core : cores_) core->loop().stop();
  for (std::thread& thread : threads_) thread.join();
  closed_ = true;
  for (auto& core : cores_) {
    if (Result<> written = access_log_->write(core->take_access_lines()); !written) {
      log(Level::warning, "access_log_failed", {{"error", written.error().message}});
    }
  }
}

bool Hub::is_older(const table::Table& table) const {
  if (table.version >= newest_version_) return false;
  log(Level::warning, "older_table_ignored", {{"table", table.version}, {"ours", newest_version_}});
  return true;
}

void Hub::on_table(table::Table table) {
  if (is_older(table) || table.version == newest_version_) {
    if (applied_version_ == newest_version_ && link_) link_->report_applied();
    return;
  }
  install(std::move(table));
}

void Hub::on_set_table(table::Table table) {
  if (!is_older(table)) install(std::move(table));
}

void Hub::install(table::Table table) {
  const std::uint64_t version = table.version;
  newest_version_ = version;
  const RoutesPtr routes = fleet_.build(std::move(table));
  const std::uint64_t build = fleet_.newest_build();
  installs_left_[build] = options_.cores;
  for (unsigned i = 0; i < options_.cores; ++i) {
    post_to_core(i, [this, routes, build, version](Core& core) {
      core.install(routes);
      loop_.post([this, build, version] { on_installed(build, version); });
    });
  }
}

void Hub::on_installed(std::uint64_t build, std::uint64_t version) {
  if (--installs_left_[build] > 0) return;
  installs_left_.erase(build);
  fleet_.all_cores_use(build);
  if (applied_version_ != version) log(Level::info, "table_applied", {{"table", version}});
  applied_version_ = version;
  if (link_) link_->report_applied();
  report_drained();
}

// Both members are of one moment: what is not busy when all cores use a table stays so if the table
// does not have it.
std::string Hub::router_page() const {
  return table::to_json(
      {.router_id = router_id_, .table_version = applied_version_, .busy = fleet_.busy_versions()});
}

void Hub::ask_router_page(unsigned core, std::uint64_t page) {
  loop_.post([this, core, page] {
    post_to_core(core, [page, json = router_page()](Core& asker) mutable {
      asker.add_router_page(page, std::move(json));
    });
  });
}

void Hub::ask_exit(const std::string& exit_record, ExchangeId exchange) {
  loop_.post([this, exit_record, exchange] {
    exit_records_.ask(exit_record, [this, exchange](const std::optional<std::string>& text) {
      post_to_core(exchange.core(),
                   [exchange, text](Core& core) { core.deliver_exit(exchange, text); });
    });
  });
}

void Hub::report_drained() {
  std::vector<std::string> drained = fleet_.take_drained();
  if (!drained.empty() && link_) link_->report_drained(std::move(drained));
  if (fleet_.is_waiting_for_any()) drained_timer_.start(kDrainedPoll, [this] { report_drained(); });
}

void Hub::stop() {
  loop_.post([this] { leave(); });
}

void Hub::set_table(table::Table table) {
  loop_.post([this, table = std::move(table)]() mutable { on_set_table(std::move(table)); });
}

// Whoever sends us requests is told first, by /readyz. A second stop() cuts the delay short.
void Hub::leave() {
  if (phase_ != Phase::running || options_.drain_delay.count() == 0) return drain();
  phase_ = Phase::leaving;
  log(Level::info, "router_leaving", {{"delay_ms", options_.drain_delay.count()}});
  for (unsigned i = 0; i < options_.cores; ++i) {
    post_to_core(i, [](Core& core) { core.leave(); });
  }
  stop_timer_.start(options_.drain_delay, [this] { drain(); });
}

void Hub::drain() {
  if (phase_ != Phase::running && phase_ != Phase::leaving) return;
  phase_ = Phase::draining;
  log(Level::info, "router_draining", {{"timeout_ms", options_.drain_timeout.count()}});
  stop_timer_.start(options_.drain_timeout, [this] { cut(); });
  on_all_cores(&Hub::flush, [](Core& core, http::Task done) { core.drain(std::move(done)); });
}

void Hub::cut() {
  log(Level::warning, "router_drain_timed_out");
  stop_timer_.start(kCutGrace, [this] { flush(); });
  for (unsigned i = 0; i < options_.cores; ++i) {
    post_to_core(i, [](Core& core) { core.cut(); });
  }
}

void Hub::flush() {
  if (phase_ == Phase::flushing) return;
  phase_ = Phase::flushing;
  stop_timer_.cancel();
  on_all_cores(&Hub::finish, [](Core& core, http::Task done) {
    core.flush_access_lines();
    done();
  });
}

void Hub::finish() {
  loop_.stop();
}

// Runs `task` on each core; it calls back when it is done there. When the last one has, `then` runs
// here.
void Hub::on_all_cores(void (Hub::*then)(), void (*task)(Core&, http::Task)) {
  auto left = std::make_shared<unsigned>(options_.cores);  // touched by the hub's thread alone
  for (unsigned i = 0; i < options_.cores; ++i) {
    post_to_core(i, [this, then, task, left](Core& core) {
      task(core, [this, then, left] {
        loop_.post([this, then, left] {
          if (--*left == 0) (this->*then)();
        });
      });
    });
  }
}

void Hub::post_to_core(unsigned core, CoreTask task) {
  if (closed_.load()) return;
  Core* to = cores_[core].get();
  to->loop().post([to, task = std::move(task)]() mutable { task(*to); });
}

void Hub::write_access_lines(std::string lines) {
  loop_.post([this, lines = std::move(lines)] {
    if (Result<> written = access_log_->write(lines); !written) {
      log(Level::warning, "access_log_failed", {{"error", written.error().message}});
    }
  });
}

void Hub::on_slot_freed(const std::shared_ptr<VersionState>& version) {
  post_to_core(version->home_core, [version](Core& home) { home.pump_here(version); });
}

}  // namespace tidegate::router
