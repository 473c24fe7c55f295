#pragma once

#include <atomic>
#include <map>
#include <optional>
#include <thread>

#include "router/core.h"
#include "router/exit_records.h"
#include "router/fleet.h"
#include "router/link.h"
#include "router/router.h"
#include "telemetry/access_log.h"

namespace tidegate::router {

// What is there once: the cores and their threads, the fleet, the link, the access log. Runs on the
// thread that calls run(); no request passes through it.
class Hub final : private Peers, private SlotWatcher, private Link::Owner {
 public:
  Hub(RouterOptions options, const Clock& clock, Random& random,
      std::vector<os::UniqueFd> listeners);
  ~Hub() override;

  Result<> run();
  void stop();                         // any thread
  void set_table(table::Table table);  // any thread

 private:
  Result<> begin();
  Result<> deal_out_listeners();
  void load_table();
  void end();

  // Tables. Builds of one version follow each other in order, so `applied` is exact: every core
  // decides by a build of that version, or of a newer one.
  void on_table(table::Table table) override;  // from the link: one version is one table
  void on_set_table(table::Table table);       // from outside: its replicas may be others
  bool is_older(const table::Table& table) const;
  void install(table::Table table);
  void on_installed(std::uint64_t build, std::uint64_t version);
  std::string router_page() const;
  void report_drained();
  std::uint64_t applied_version() const override { return applied_version_; }
  std::vector<std::string> all_drained() const override { return fleet_.all_drained(); }

  // Stopping: (leave) -> drain -> (cut) -> flush -> the loop stops
  void leave();
  void drain();
  void cut();
  void flush();
  void finish();
  void on_all_cores(void (Hub::*then)(), void (*task)(Core& core, http::Task done));

  // Peers, SlotWatcher: any thread
  void post_to_core(unsigned core, CoreTask task) override;
  unsigned cores() const override { return options_.cores; }
  void ask_router_page(unsigned core, std::uint64_t page) override;
  void ask_exit(const std::string& exit_record, ExchangeId exchange) override;
  void write_access_lines(std::string lines) override;
  void on_slot_freed(const std::shared_ptr<VersionState>& version) override;

  const RouterOptions options_;
  const std::string router_id_;
  const Clock& clock_;
  Random& random_;
  std::vector<os::UniqueFd> listeners_;  // until begin()
  std::atomic<bool> closed_{false};      // the cores' threads have ended

  http::Loop loop_;
  std::optional<telemetry::AccessLog> access_log_;
  Fleet fleet_;
  std::uint64_t newest_version_ = 0;                 // of the tables that were handed to the cores
  std::uint64_t applied_version_ = 0;                // of those that all cores use
  std::map<std::uint64_t, unsigned> installs_left_;  // by build
  http::Timer drained_timer_;
  ExitRecords exit_records_;
  std::unique_ptr<Link> link_;

  enum class Phase { running, leaving, draining, flushing } phase_ = Phase::running;
  http::Timer stop_timer_;

  std::vector<std::unique_ptr<Core>> cores_;
  std::vector<std::thread> threads_;
};

}  // namespace tidegate::router
