#include "scoring/balancer.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/check.h"
#include "base/ids.h"
#include "scoring/balancer_reply.h"
#include "scoring/messages.h"
#include "scoring/replica_secret.h"

namespace tidegate::scoring {

Balancer::Balancer(http::Loop& loop, BalancerOptions options, const Clock& clock, Random& random,
                   std::function<void(BalancerEvent)> tell)
    : loop_(loop),
      options_(std::move(options)),
      clock_(clock),
      random_(random),
      tell_(std::move(tell)),
      log_(options_.log_fd, clock),
      full_message_(
          fmt::format("The limit of this replica is reached: {} at once", options_.concurrent_max)),
      requests_(loop, *this),
      rest_timer_(loop),
      nobody_timer_(loop),
      stuck_timer_(loop) {
  TIDEGATE_CHECK(options_.concurrent_max > 0);
}

void Balancer::on_request(http::ServerCall& call) {
  const http::RequestHead& head = call.head();
  std::string decoded;
  std::string_view path = head.path();
  if (path.find('%') != std::string_view::npos) path = decoded = http::percent_decode(path);
  if (!may_ask(head, path)) return call.reply(stranger_reply());
  if (head.method == "GET" && path == "/") return answer_health(call);
  begin_request(call, path == "/score" && (head.method == "POST" || head.method == "GET"));
}

// The probes of a cluster know no secret.
bool Balancer::may_ask(const http::RequestHead& head, std::string_view path) const {
  if (options_.replica_secret.empty()) return true;
  if (head.method == "GET" && path == "/") return true;
  const std::string_view shown = head.find(kReplicaSecretHeader).value_or("");
  return constant_time_equal(shown, options_.replica_secret.reveal());
}

void Balancer::answer_health(http::ServerCall& call) {
  const bool healthy = !stopping_.load() && ready_count() > 0;
  http::Reply reply = healthy ? healthy_reply() : message_reply(503, why_not());
  std::string request_id;
  add_common_headers(reply, call.head(), "", request_id);
  call.reply(std::move(reply));
}

std::string_view Balancer::why_not() const {
  if (stopping_.load()) return kStopping;
  if (ready_count() > 0) return full_message_;
  return was_ready_ ? kNoWorker : kStarting;
}

bool Balancer::admits() const {
  return !stopping_.load() && admitted_ < options_.concurrent_max && ready_count() > 0;
}

void Balancer::begin_request(http::ServerCall& call, bool is_score) {
  BalancedRequest& request = requests_.take();
  request.call = &call;
  request.began = clock_.mono();
  request.method = call.head().method;
  request.target = call.head().target;
  call.on_gone([this, &request, use = request.use] {
    if (request.use == use) on_gone(request);
  });
  // Again once the body is there; asking now spares a refused caller the upload.
  if (is_score ? !admits() : ready_count() == 0) return refuse(request, why_not());
  if (!call.head().chunked && call.head().content_length.value_or(0) == 0) {
    return on_arrived(request, is_score);
  }
  call.read_body(options_.body_limits,
                 [this, &request, use = request.use, is_score](Result<http::Body> body) {
                   if (request.use != use) return;
                   if (!body && body.error().code == Code::cancelled) return on_gone(request);
                   if (!body) return reply(request, body_error_reply(body.error()));
                   request.body = std::move(*body);
                   on_arrived(request, is_score);
                 });
}

void Balancer::on_arrived(BalancedRequest& request, bool is_score) {
  is_score ? admit(request) : give_at_once(request);
}

void Balancer::admit(BalancedRequest& request) {
  if (!admits()) return refuse(request, why_not());
  ++admitted_;
  request.admitted = true;
  request.state = BalancedRequest::State::waiting;
  waiting_.push_back(&request);
  pump();
}

// What no run() is called for: a worker answers it whatever it is doing. If it turns out to be for
// the script (OPTIONS with @rawhttp) and the script is busy, on_not_started() lets it wait.
void Balancer::give_at_once(BalancedRequest& request) {
  BalancedWorker* worker = find_ready();
  if (worker == nullptr) return refuse(request, why_not());
  dispatch(request, *worker);
}

void Balancer::pump() {
  while (!waiting_.empty()) {
    BalancedWorker* worker = find_free();
    if (worker == nullptr) return;
    BalancedRequest& request = *waiting_.front();
    waiting_.pop_front();
    ++worker->running;
    request.holds_place = true;
    dispatch(request, *worker);
  }
}

void Balancer::dispatch(BalancedRequest& request, BalancedWorker& worker) {
  worker.calls.push_back(&request);
  const http::RequestHead& head = request.call->head();
  // So that what the worker logs and what we say of its end have one id.
  if (!head.find("x-request-id") && request.made_id.empty()) {
    request.made_id = random_uuid4(random_);
  }
  request.start(worker, head_for_worker(head, request.made_id, request.body.size()));
  if (options_.worker_timeout.count() > 0 && !stuck_timer_armed_) {
    watch_for_stuck(options_.worker_timeout);
  }
}

bool Balancer::is_ready(const BalancedWorker& worker) const {
  return !worker.retiring && !worker.ended;
}

std::size_t Balancer::ready_count() const {
  return static_cast<std::size_t>(std::count_if(
      workers_.begin(), workers_.end(), [this](const auto& worker) { return is_ready(*worker); }));
}

// The least busy one with a place; among equals each has its turn.
BalancedWorker* Balancer::find_free() {
  const MonoTime time = clock_.mono();
  BalancedWorker* best = nullptr;
  std::size_t best_at = 0;
  for (std::size_t i = 0; i < workers_.size(); ++i) {
    const std::size_t at = (next_ + i) % workers_.size();
    BalancedWorker& worker = *workers_[at];
    if (!is_ready(worker) || worker.running >= worker.process.slots || time < worker.rests_until) {
      continue;
    }
    if (best != nullptr && best->running <= worker.running) continue;
    best = &worker;
    best_at = at;
  }
  if (best != nullptr) next_ = best_at + 1;
  return best;
}

BalancedWorker* Balancer::find_ready() {
  const MonoTime time = clock_.mono();
  BalancedWorker* best = nullptr;
  for (const auto& worker : workers_) {
    if (!is_ready(*worker)) continue;
    const bool rests = time < worker->rests_until;
    if (best != nullptr && (rests || best->calls.size() <= worker->calls.size())) continue;
    best = worker.get();
  }
  return best;
}

BalancedWorker* Balancer::find(int number) {
  for (const auto& worker : workers_) {
    if (worker->process.number == number) return worker.get();
  }
  return nullptr;
}

void Balancer::add(WorkerProcess process) {
  was_ready_ = true;
  nobody_timer_.cancel();
  workers_.push_back(std::make_unique<BalancedWorker>(loop_, std::move(process)));
  pump();
}

void Balancer::retire(int number) {
  BalancedWorker* worker = find(number);
  if (worker == nullptr || worker->retiring) return;
  worker->retiring = true;
  if (worker->calls.empty()) tell_({BalancerEvent::Kind::idle, number});
  watch_for_nobody();
}

void Balancer::stop_admitting() {
  stopping_.store(true);
  watch_for_nobody();
  tell_if_drained();
}

http::Reply Balancer::error_reply(int status, std::string_view reason) const {
  return message_reply(status, reason);
}

}  // namespace tidegate::scoring
