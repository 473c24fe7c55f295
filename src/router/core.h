#pragma once

#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "http/server.h"
#include "router/core_services.h"
#include "router/dice.h"
#include "router/exchange.h"
#include "router/own_pages.h"
#include "router/peers.h"
#include "router/upstreams.h"

namespace tidegate::router {

struct CoreOptions {
  unsigned index = 0;
  http::BodyLimits body_limits;
  std::uint32_t waiting_max = 10'000;
  bool writes_access_log = true;
  Secret link_token;
  Milliseconds exit_wait{300};
};

// One thread's share of the router: its loop, server, connections to replicas, queues and counters.
// Everything belongs to the thread that runs the loop.
class Core final : public http::RequestHandler,
                   private CoreServices,
                   private WaitingRoom::Host,
                   private Attempt::Owner {
 public:
  Core(const CoreOptions& options, Peers& peers, const Clock& clock, Random& random);

  http::Loop& loop() override { return loop_; }

  // From the hub.
  void install(RoutesPtr routes);
  Result<> add_listener(os::UniqueFd listener);
  void leave() { is_leaving_ = true; }  // not ready any more
  void drain(http::Task done);          // stops accepting; `done` once no connection is left
  void cut();                           // ends what drain() still waits for
  void flush_access_lines();            // to the hub
  std::string take_access_lines() { return std::exchange(access_lines_, {}); }

  // From other cores.
  void pump_here(const std::shared_ptr<VersionState>& version) { waiting_room_.pump(version); }
  void deliver_exit(ExchangeId id, const std::optional<std::string>& text);
  CoreSnapshot snapshot() const { return {counters_, server_.connections()}; }
  void add_snapshot(std::uint64_t page, CoreSnapshot part);
  void add_router_page(std::uint64_t page, std::string json) {
    own_pages_.add_router_page(page, std::move(json));
  }

 private:
  void on_request(http::ServerCall& call) override;
  http::Reply on_protocol_error(int status, std::string_view detail);

  // CoreServices
  const Clock& clock() const override { return clock_; }
  Random& random() override { return random_; }
  std::uint64_t dice() override { return dice_.roll(); }
  const RoutesPtr& routes() const override { return routes_; }
  const http::BodyLimits& body_limits() const override { return body_limits_; }
  std::uint32_t waiting_max() const override { return options_.waiting_max; }
  Milliseconds exit_wait() const override { return options_.exit_wait; }
  std::optional<Ticket> claim(const LiveVersion& version) override;
  void join_queue(const std::shared_ptr<VersionState>& version, ExchangeId id, MonoTime deadline,
                  WaitingRoom::End end) override;
  void leave_queue(const std::shared_ptr<VersionState>& version, ExchangeId id) override;
  Attempt& start_attempt(Attempt::Listener& listener, Ticket ticket, http::Body body,
                         std::string_view head) override;
  void ask_exit(const Replica& replica, ExchangeId id) override {
    peers_.ask_exit(replica.exit_record, id);
  }
  void count_retry(const ServiceName& service, policy::Outcome why) override;
  void on_exchange_over(ExchangeId id, const telemetry::AccessRecord& record) override;

  // WaitingRoom::Host, Attempt::Owner
  const Routes& newest_routes() const override { return *routes_; }
  MonoTime now() const override { return clock_.mono(); }
  void deliver(ExchangeId id, Admission admission) override;
  void on_attempt_over(Attempt& attempt) override;

  void record(const telemetry::AccessRecord& record);
  void sweep_later();
  void sweep();

  const CoreOptions options_;
  Peers& peers_;
  const Clock& clock_;
  Random& random_;
  Dice dice_;
  http::Loop loop_;
  RoutesPtr routes_;
  bool is_leaving_ = false;
  Counters counters_;
  http::BodyLimits body_limits_;      // as they are for the next request
  std::vector<std::uint32_t> loads_;  // room for claim()

  std::string access_lines_;
  http::Timer access_timer_;

  Upstreams upstreams_;
  std::unordered_map<const Attempt*, std::unique_ptr<Attempt>> attempts_;
  std::uint64_t last_exchange_ = 0;
  std::unordered_map<std::uint64_t, std::unique_ptr<Exchange>> exchanges_;  // by ExchangeId
  // Over, but maybe still on the stack: freed by sweep() in a turn of its own.
  std::vector<std::unique_ptr<Exchange>> over_exchanges_;
  std::vector<std::unique_ptr<Attempt>> over_attempts_;

  WaitingRoom waiting_room_;
  OwnPages own_pages_;
  http::Server server_;  // last: when it goes, it tells exchanges that their clients left
};

}  // namespace tidegate::router
