#include "router/exchange.h"

#include "policy/split.h"
#include "router/admit.h"
#include "router/request_id.h"

namespace tidegate::router {
namespace {

constexpr int kClientGoneStatus = 499;  // as nginx records it; nobody receives it

telemetry::Microseconds micros(MonoTime::duration time) {
  return std::chrono::duration_cast<telemetry::Microseconds>(time);
}

// Why a body could not be read. A full disk is reported as exhausted, too, but then the length that
// was announced is below the limit.
LocalReply reply_to_bad_body(const Error& error, const http::RequestHead& head,
                             const http::BodyLimits& limits) {
  const bool announced_small = head.content_length && *head.content_length <= limits.size_max_bytes;
  if (error.code == Code::exhausted && !announced_small) {
    return {.status = 413, .reason = Reason::body_too_large};
  }
  if (error.code == Code::invalid) {
    return {.status = 400, .reason = Reason::bad_request, .detail = error.message};
  }
  return {.status = 500, .reason = Reason::internal_error, .detail = error.message};
}

}  // namespace

Exchange::Exchange(CoreServices& core, http::ServerCall& call, ExchangeId id)
    : core_(core),
      id_(id),
      call_(&call),
      began_(core.clock().mono()),
      routes_(core.routes()),
      timer_(core.loop()) {
  record_.time = core.clock().wall();
  record_.request_id = choose_request_id(call.head(), core.random());
  record_.method = call.head().method;
  record_.peer = call.peer();
}

void Exchange::begin() {
  call_->on_gone([this] { on_client_gone(); });
  if (Stage<void> decided = match_admit_split(); !decided) return refuse_with(decided.error());
  call_->read_body(core_.body_limits(),
                   [this](Result<http::Body> body) { on_request_body(std::move(body)); });
}

Stage<void> Exchange::match_admit_split() {
  const http::RequestHead& head = call_->head();
  Stage<Target> target = match(head);
  if (!target) return std::unexpected(target.error());
  target_ = *target;
  service_ = routes_->find_service(target_.workspace, target_.service);
  if (service_ == nullptr) {
    return routes_->is_known() ? refuse(404, Reason::unknown_service)
                               : refuse(503, Reason::no_table);
  }
  record_.workspace = target_.workspace;
  record_.service = target_.service;
  if (Stage<Principal> who = admit(*service_->config, head); !who) {
    return std::unexpected(who.error());
  }
  const auto chosen = policy::split(service_->weights, core_.dice());
  if (!chosen) return refuse(503, Reason::no_replica);
  version_ = &service_->versions[*chosen];
  record_.version = version_->config->name;
  return {};
}

void Exchange::on_request_body(Result<http::Body> body) {
  if (state_ != State::reading) return;
  if (!body) {
    return refuse_with(reply_to_bad_body(body.error(), call_->head(), core_.body_limits()));
  }
  body_ = std::move(*body);
  record_.bytes_in = body_.size();
  wait_began_ = core_.clock().mono();
  wait_deadline_ = wait_began_ + version_->config->max_queue_wait;
  claim_or_wait(WaitingRoom::End::back);
}

// The short cut is open only while nobody waits, so that nobody is overtaken.
void Exchange::claim_or_wait(WaitingRoom::End end) {
  if (Stage<void> found = find_version(); !found) return refuse_with(found.error());
  if (version_->state->waiting.load() == 0) {
    if (std::optional<Ticket> ticket = core_.claim(*version_)) return dispatch(std::move(*ticket));
  }
  wait(end);
}

// The version as the newest table has it. If it went (a new generation replaced it), the request
// goes where the service's requests go now: it was admitted, and nothing of it has started.
Stage<void> Exchange::find_version() {
  const RoutesPtr& newest = core_.routes();
  const Routes* known = later_routes_ ? later_routes_.get() : routes_.get();
  if (newest.get() == known) return {};
  const table::Service& config = *service_->config;
  const LiveService* service = newest->find_service(config.workspace, config.name);
  if (service == nullptr) return refuse(404, Reason::unknown_service);
  const LiveVersion* version = newest->find_version(version_->config->id);
  if (version == nullptr) {
    const auto chosen = policy::split(service->weights, core_.dice());
    if (!chosen) return refuse(503, Reason::no_replica);
    version = &service->versions[*chosen];
    record_.version = version->config->name;
  }
  service_ = service;
  version_ = version;
  later_routes_ = newest;
  return {};
}

void Exchange::wait(WaitingRoom::End end) {
  const std::uint32_t others = version_->state->waiting.fetch_add(1);
  if (others >= core_.waiting_max() && end == WaitingRoom::End::back) {
    version_->state->waiting.fetch_sub(1);
    return refuse_with({.status = 503, .reason = Reason::queue_full});
  }
  state_ = State::queued;
  queued_in_ = version_->state;
  core_.join_queue(queued_in_, id_, wait_deadline_, end);
}

void Exchange::on_admission(Admission admission) {
  if (state_ != State::queued) return;  // a ticket frees its slot
  queued_in_.reset();
  if (auto* ticket = std::get_if<Ticket>(&admission)) return dispatch(std::move(*ticket));
  if (auto* reply = std::get_if<LocalReply>(&admission)) return refuse_with(*reply);
  claim_or_wait(WaitingRoom::End::back);
}

void Exchange::cut() {
  if (state_ == State::replying) return break_off(Reason::draining);
  if (state_ == State::asking) return on_exit_told(std::nullopt);
  if (state_ != State::over) refuse_with({.status = 503, .reason = Reason::draining});
}

void Exchange::on_client_gone() {
  call_ = nullptr;
  finish(kClientGoneStatus, Reason::client_gone);
}

void Exchange::refuse_with(const LocalReply& reply) {
  http::Reply answer =
      to_http(reply, ReplyContext{.request_id = record_.request_id,
                                  .workspace = target_.workspace,
                                  .service = target_.service,
                                  .version = version_ == nullptr ? nullptr : version_->config,
                                  .body_max_bytes = core_.body_limits().size_max_bytes});
  record_.bytes_out = answer.body.size();
  http::ServerCall* call = std::exchange(call_, nullptr);
  finish(reply.status, reply.reason);
  call->reply(std::move(answer));
}

void Exchange::finish(int status, Reason reason) {
  if (attempt_ != nullptr) std::exchange(attempt_, nullptr)->detach();
  if (queued_in_) core_.leave_queue(std::exchange(queued_in_, nullptr), id_);
  timer_.cancel();
  const MonoTime now = core_.clock().mono();
  if (state_ == State::queued) record_.queue += micros(now - wait_began_);
  if (state_ == State::dispatched || state_ == State::replying) {
    record_.upstream = micros(now - dispatched_at_);
  }
  state_ = State::over;
  record_.status = status;
  record_.reason = word_of(reason);
  record_.total = micros(now - began_);
  core_.on_exchange_over(id_, record_);
}

}  // namespace tidegate::router
