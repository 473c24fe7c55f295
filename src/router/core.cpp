#include "router/core.h"

#include "base/ids.h"
#include "policy/body_memory.h"
#include "router/claim.h"

namespace tidegate::router {
namespace {

constexpr Milliseconds kAccessFlushDelay{200};
constexpr std::size_t kAccessFlushSize = 256UL << 10;

}  // namespace

Core::Core(const CoreOptions& options, Peers& peers, const Clock& clock, Random& random)
    : options_(options),
      peers_(peers),
      clock_(clock),
      random_(random),
      dice_(random.next_u64()),
      routes_(Routes::nothing_known()),
      body_limits_(options.body_limits),
      access_timer_(loop_),
      upstreams_(loop_),
      waiting_room_(loop_, *this),
      own_pages_(peers, options.index, options.link_token),
      server_(loop_, *this, {.error_reply = [this](int status, std::string_view detail) {
                return on_protocol_error(status, detail);
              }}) {}

void Core::install(RoutesPtr routes) {
  routes_ = std::move(routes);
  counters_.keep_only(*routes_);
  upstreams_.keep_only(*routes_);
  waiting_room_.pump_all();
}

Result<> Core::add_listener(os::UniqueFd listener) {
  return server_.add_listener(std::move(listener));
}

void Core::drain(http::Task done) {
  server_.drain(std::move(done));
}

void Core::cut() {
  std::vector<Exchange*> left;
  for (const auto& [id, exchange] : exchanges_) left.push_back(exchange.get());
  for (Exchange* exchange : left) exchange->cut();
}

void Core::on_request(http::ServerCall& call) {
  if (own_pages_.answer(call, routes_->is_known() && !is_leaving_)) return;
  const ExchangeId id = ExchangeId::make(options_.index, ++last_exchange_);
  std::unique_ptr<Exchange> exchange(new Exchange(*this, call, id));
  Exchange& begun = *exchange;
  exchanges_.emplace(id.value, std::move(exchange));
  body_limits_.memory_max_bytes = policy::body_memory_max(exchanges_.size());
  begun.begin();
}

// What is no HTTP request never becomes an exchange.
http::Reply Core::on_protocol_error(int status, std::string_view detail) {
  telemetry::AccessRecord error{.time = clock_.wall(),
                                .request_id = random_uuid4(random_),
                                .status = status,
                                .reason = word_of(Reason::bad_request)};
  http::Reply reply = to_http(
      {.status = status,
       .reason = status == 413 ? Reason::body_too_large : Reason::bad_request,
       .detail = std::string(detail)},
      {.request_id = error.request_id, .body_max_bytes = options_.body_limits.size_max_bytes});
  error.bytes_out = reply.body.size();
  record(error);
  return reply;
}

std::optional<Ticket> Core::claim(const LiveVersion& version) {
  return router::claim(version, clock_.mono(), dice_.roll(), loads_);
}

void Core::join_queue(const std::shared_ptr<VersionState>& version, ExchangeId id,
                      MonoTime deadline, WaitingRoom::End end) {
  peers_.post_to_core(version->home_core, [version, id, deadline, end](Core& home) {
    home.waiting_room_.join(version, id, deadline, end);
  });
}

void Core::leave_queue(const std::shared_ptr<VersionState>& version, ExchangeId id) {
  peers_.post_to_core(version->home_core,
                      [version, id](Core& home) { home.waiting_room_.leave(version, id); });
}

void Core::deliver(ExchangeId id, Admission admission) {
  peers_.post_to_core(id.core(), [id, admission = std::move(admission)](Core& core) mutable {
    auto found = core.exchanges_.find(id.value);
    if (found != core.exchanges_.end()) found->second->on_admission(std::move(admission));
  });
}

void Core::deliver_exit(ExchangeId id, const std::optional<std::string>& text) {
  auto found = exchanges_.find(id.value);
  if (found != exchanges_.end()) found->second->on_exit_told(text);
}

Attempt& Core::start_attempt(Attempt::Listener& listener, Ticket ticket, http::Body body,
                             std::string_view head) {
  http::Upstream& upstream = upstreams_.begin_call(ticket.replica());
  std::unique_ptr<Attempt> attempt(
      new Attempt(*this, listener, std::move(ticket), std::move(body)));
  Attempt& started = *attempt;
  attempts_.emplace(&started, std::move(attempt));
  started.start(upstream, head);
  return started;
}

void Core::on_attempt_over(Attempt& attempt) {
  auto found = attempts_.find(&attempt);
  over_attempts_.push_back(std::move(found->second));
  attempts_.erase(found);
  sweep_later();
}

void Core::on_exchange_over(ExchangeId id, const telemetry::AccessRecord& finished) {
  record(finished);
  auto found = exchanges_.find(id.value);
  over_exchanges_.push_back(std::move(found->second));
  exchanges_.erase(found);
  sweep_later();
}

void Core::sweep_later() {
  if (over_exchanges_.size() + over_attempts_.size() > 1) return;  // it is on its way
  loop_.post([this] { sweep(); });
}

void Core::sweep() {
  over_exchanges_.clear();
  for (std::unique_ptr<Attempt>& attempt : over_attempts_) {
    const Replica& replica = attempt->replica();  // upstreams_ keeps it alive
    attempt.reset();
    upstreams_.end_call(replica);
  }
  over_attempts_.clear();
}

void Core::count_retry(const ServiceName& service, policy::Outcome why) {
  counters_.count_retry(service, why);
}

void Core::record(const telemetry::AccessRecord& record) {
  counters_.count(record);
  if (!options_.writes_access_log) return;
  if (access_lines_.empty())
    access_timer_.start(kAccessFlushDelay, [this] { flush_access_lines(); });
  telemetry::append_line(access_lines_, record);
  if (access_lines_.size() > kAccessFlushSize) flush_access_lines();
}

void Core::flush_access_lines() {
  access_timer_.cancel();
  if (!access_lines_.empty()) peers_.write_access_lines(take_access_lines());
}

void Core::add_snapshot(std::uint64_t page, CoreSnapshot part) {
  own_pages_.add(page, std::move(part), *routes_);
}

}  // namespace tidegate::router
