// Balancer: how requests and workers end.
#include <algorithm>

#include <fmt/format.h>

#include "base/check.h"
#include "scoring/balancer.h"
#include "scoring/balancer_reply.h"
#include "scoring/ids.h"
#include "scoring/messages.h"

namespace tidegate::scoring {
namespace {

using State = BalancedRequest::State;

// A worker that did not take a request is left alone for this long.
constexpr Milliseconds kRest{10};
// A request that workers keep refusing is refused in the end: about 2 s.
constexpr int kRefusalsMax = 200;
// How long a caller waits for the reason of its worker's end.
constexpr Milliseconds kCauseWait{1'000};
// A worker is gone, its connection is not: something it started holds the other end.
constexpr Milliseconds kEndedGrace{1'000};
// How long those who were admitted wait when there is no worker at all.
constexpr Milliseconds kNobodyWait{10'000};

}  // namespace

// The place is free before the reply is written: whoever reads it may send the next request at
// once.
void Balancer::on_place_free(BalancedRequest& request) {
  if (request.admitted) --admitted_;
  request.admitted = false;
  if (!request.holds_place) return;
  request.holds_place = false;
  BalancedWorker& worker = *request.worker;
  TIDEGATE_CHECK(worker.running > 0);
  --worker.running;
  ++worker.served;
  const std::uint64_t limit = worker.process.requests_max;
  if (limit > 0 && worker.served >= limit && !worker.due) {
    worker.due = true;
    tell_({BalancerEvent::Kind::due, worker.process.number});
  }
  pump();
}

void Balancer::on_not_started(BalancedRequest& request) {
  rest(*request.worker, kRest);
  leave_worker(request);
  if (request.call == nullptr) return release(request);
  if (++request.refusals > kRefusalsMax) return refuse(request, full_message_);
  if (!request.admitted) return admit(request);
  request.state = State::waiting;
  waiting_.push_front(&request);
  watch_for_nobody();
  pump();
}

void Balancer::rest(BalancedWorker& worker, Milliseconds time) {
  worker.rests_until = std::max(worker.rests_until, clock_.mono() + time);
  rest_timer_.start(time + Milliseconds(1), [this] { pump(); });
}

// Its process has probably died: nothing more for it until that is known.
void Balancer::on_lost(BalancedRequest& request) {
  if (request.worker->ended) return tell_the_lost(request);
  rest(*request.worker, kCauseWait);
  request.cause_timer.start(kCauseWait, [this, &request] { tell_the_lost(request); });
}

void Balancer::tell_the_lost(BalancedRequest& request) {
  const BalancedWorker& worker = *request.worker;
  const std::string cause = worker.ended
                                ? fmt::format("ended: {}", worker.cause)
                                : "closed the connection and is still there; its log may say why";
  reply(request, lost_reply(fmt::format(
                     "The worker process that had this request (worker {}, pid {}) {}. The request "
                     "may have been carried out in part; the log of the service has more.",
                     worker.process.number, worker.process.pid, cause)));
}

void Balancer::on_over(BalancedRequest& request) {
  on_place_free(request);
  release(request);
}

// A client's leaving frees no worker: run() goes on. But a stream may have no end: it is cut, so
// that the worker makes no more of it; while it closes the generator it takes nothing else, and
// says so.
void Balancer::on_gone(BalancedRequest& request) {
  request.forget_client();
  const bool is_stream = request.state == State::replying && request.holds_place;
  // Not here: the worker's own words may have brought us here.
  if (is_stream) loop_.post([this, &request, use = request.use] { cut(request, use); });
  if (request.state == State::waiting) std::erase(waiting_, &request);
  if (request.state == State::arriving || request.state == State::waiting) release(request);
}

void Balancer::cut(BalancedRequest& request, std::uint64_t use) {
  if (request.use != use) return;
  request.cancel();
  on_over(request);
}

void Balancer::leave_worker(BalancedRequest& request) {
  BalancedWorker* worker = std::exchange(request.worker, nullptr);
  if (worker == nullptr) return;
  std::erase(worker->calls, &request);
  if (request.holds_place) --worker->running;
  request.holds_place = false;
  if (!worker->calls.empty()) return;
  if (worker->ended) {
    // Not here: this may be a callback of one of its connections.
    loop_.post([this] { forget_ended(); });
  } else if (worker->retiring) {
    tell_({BalancerEvent::Kind::idle, worker->process.number});
  }
}

void Balancer::ended(int number, std::string cause) {
  BalancedWorker* worker = find(number);
  if (worker == nullptr || worker->ended) return;
  worker->ended = true;
  worker->cause = std::move(cause);
  const std::vector<BalancedRequest*> calls = worker->calls;
  for (BalancedRequest* request : calls) {
    if (request->state == State::lost) tell_the_lost(*request);
  }
  watch_for_nobody();
  if (worker->calls.empty()) return forget_ended();
  // What it has sent before it died is still read.
  worker->end_timer.start(kEndedGrace, [this, number] { give_up_calls(number); });
}

void Balancer::give_up_calls(int number) {
  BalancedWorker* worker = find(number);
  if (worker == nullptr) return;
  const std::vector<BalancedRequest*> calls = worker->calls;
  for (BalancedRequest* request : calls) {
    request->cancel();
    if (request->state != State::replying) {
      tell_the_lost(*request);
      continue;
    }
    http::ServerCall* client = std::exchange(request->call, nullptr);
    on_over(*request);
    if (client != nullptr) client->abort();
  }
}

void Balancer::forget_ended() {
  std::erase_if(workers_,
                [](const auto& worker) { return worker->ended && worker->calls.empty(); });
}

// Those who wait were promised a worker; one is being started, if all is well.
void Balancer::watch_for_nobody() {
  if (ready_count() > 0) return;
  if (stopping_.load()) return refuse_waiting();
  nobody_timer_.start(kNobodyWait, [this] {
    if (ready_count() == 0) refuse_waiting();
  });
}

void Balancer::refuse_waiting() {
  while (!waiting_.empty()) {
    BalancedRequest& request = *waiting_.front();
    waiting_.pop_front();
    refuse(request, why_not());
  }
}

// One timer for all, left to run out rather than moved: a request costs none.
void Balancer::watch_for_stuck(MonoTime::duration delay) {
  stuck_timer_armed_ = true;
  stuck_timer_.start(std::chrono::ceil<Milliseconds>(delay), [this] { look_for_stuck(); });
}

void Balancer::look_for_stuck() {
  stuck_timer_armed_ = false;
  const MonoTime time = clock_.mono();
  std::optional<MonoTime::duration> next;
  for (const auto& worker : workers_) {
    for (BalancedRequest* request : worker->calls) {
      // A reply that is whole waits for its reader only.
      const bool is_whole = request->state == State::replying && !request->holds_place;
      if (request->stuck_told || is_whole) continue;
      const MonoTime::duration left = request->active_at + options_.worker_timeout - time;
      if (left.count() > 0) {
        next = std::min(next.value_or(left), left);
        continue;
      }
      request->stuck_told = true;
      tell_({BalancerEvent::Kind::stuck, worker->process.number});
    }
  }
  if (next) watch_for_stuck(*next);
}

void Balancer::tell_if_drained() {
  if (!stopping_.load() || drained_told_ || !waiting_.empty()) return;
  for (const auto& worker : workers_) {
    if (!worker->calls.empty()) return;
  }
  drained_told_ = true;
  tell_({BalancerEvent::Kind::drained, 0});
}

void Balancer::refuse(BalancedRequest& request, std::string_view message) {
  reply(request, refusal_reply(message));
}

// What the balancer answers itself. First the log: whoever has the reply finds its line.
void Balancer::reply(BalancedRequest& request, http::Reply reply) {
  http::ServerCall* client = std::exchange(request.call, nullptr);
  if (client != nullptr) {
    std::string request_id;
    add_common_headers(reply, client->head(), request.made_id, request_id);
    log_.write({.method = request.method,
                .target = request.target,
                .request_id = request_id,
                .status = reply.status,
                .duration = clock_.mono() - request.began,
                .length = reply.body.size()});
  }
  if (request.admitted) --admitted_;
  request.admitted = false;
  release(request);
  if (client != nullptr) client->reply(std::move(reply));
}

void Balancer::release(BalancedRequest& request) {
  if (request.admitted) --admitted_;
  request.admitted = false;
  leave_worker(request);
  requests_.give_back(request);
  tell_if_drained();
}

// The ids that go back with a reply, as the worker would give them back.
void Balancer::add_common_headers(http::Reply& reply, const http::RequestHead& head,
                                  std::string_view made_id, std::string& request_id) {
  RequestIds ids = find_ids(head, random_, made_id).ids;
  auto add = [&](std::string_view name, std::string_view value) {
    if (!value.empty()) reply.headers.emplace_back(name, value);
  };
  options_.cors.add_headers(head, reply.headers);
  add("x-ms-server-version", options_.version);
  add("x-request-id", ids.request_id);
  add("x-ms-request-id", ids.legacy_id);
  add("x-ms-client-request-id", ids.client_request_id);
  if (ids.trace_id) reply.headers.emplace_back("TraceId", *ids.trace_id);
  request_id = std::move(ids.request_id);
}

}  // namespace tidegate::scoring
