#include "scoring/front.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include <fmt/compile.h>
#include <fmt/format.h>

#include "base/check.h"
#include "scoring/messages.h"
#include "scoring/replica_secret.h"
#include "scoring/script_headers.h"

namespace tidegate::scoring {
namespace {

constexpr std::string_view kJson = "application/json";
constexpr std::size_t kOurHeadersMax = 8;  // that are added to a script's
constexpr std::string_view kHtml = "text/html; charset=utf-8";

http::Reply text_reply(int status, std::string_view content_type, std::string body) {
  http::Reply reply{.status = status, .body = std::move(body)};
  reply.headers.reserve(8);
  reply.headers.emplace_back("Content-Type", content_type);
  return reply;
}

// Errors of the protocol itself (unknown path, wrong method): no ids, as in the platform's server.
http::Reply plain_error(int status, std::string_view message) {
  http::Reply reply = text_reply(status, kJson, message_body(message));
  reply.headers.emplace_back("x-ms-run-function-failed", "False");
  return reply;
}

// Nothing has started, so a router may go elsewhere, as after a full replica's refusal.
http::Reply stranger_reply() {
  http::Reply reply = plain_error(401, kStranger);
  reply.headers.emplace_back("x-tidegate-not-started", "1");
  return reply;
}

bool one_of(std::string_view method, std::initializer_list<std::string_view> methods) {
  return std::find(methods.begin(), methods.end(), method) != methods.end();
}

bool has_header(const HeaderList& headers, std::string_view name) {
  return std::any_of(headers.begin(), headers.end(),
                     [&](const auto& header) { return http::equal_names(header.first, name); });
}

// "1.234"
std::string milliseconds_text(double ms) {
  const long long us = std::llround(ms * 1000.0);
  return fmt::format(FMT_COMPILE("{}.{:03}"), us / 1000, us % 1000);
}

std::string_view failed_text(Outcome::Failed failed) {
  return failed == Outcome::Failed::yes ? "True" : "False";
}

Milliseconds with_margin(const FrontOptions& options) {
  if (options.scoring_timeout.count() <= 0) return options.scoring_timeout;
  return options.scoring_timeout + options.scoring_margin;
}

}  // namespace

Front::Front(http::Loop& loop, Worker& worker, FrontOptions options, const Clock& clock,
             Random& random)
    : worker_(worker),
      options_(std::move(options)),
      clock_(clock),
      random_(random),
      log_(options_.log_fd, clock),
      time_limit_(loop, worker, clock, with_margin(options_), [this](Job& job) { give_up(job); }),
      full_message_(fmt::format("The limit of this replica is reached: {} at once",
                                options_.concurrent_max)) {
  TIDEGATE_CHECK(options_.concurrent_max > 0);
}

void Front::open(Needs needs, SwaggerDocuments swagger) {
  needs_ = needs;
  swagger_ = std::move(swagger);
  Phase starting = Phase::starting;
  phase_.compare_exchange_strong(starting, Phase::serving);
}

void Front::end() {
  stop_admitting();
  if (!std::exchange(ended_, true)) worker_.end();
}

void Front::on_request(http::ServerCall& call) {
  const std::string_view method = call.head().method;
  std::string decoded;
  std::string_view path = call.head().path();
  if (path.find('%') != std::string_view::npos) path = decoded = http::percent_decode(path);

  if (!may_ask(call.head(), path)) return call.reply(stranger_reply());
  const bool is_score = path == "/score";
  if (!is_score && path != "/" && path != "/swagger.json") {
    return call.reply(plain_error(404, kNotFound));
  }
  if (is_score ? !one_of(method, {"POST", "GET", "OPTIONS", "HEAD"})
               : !one_of(method, {"GET", "HEAD", "OPTIONS"})) {
    return call.reply(plain_error(405, kMethodNotAllowed));
  }
  if (path == "/") return answer_health(call);

  Exchange& exchange = begin_exchange(call);
  IdsFound found = find_ids(call.head(), random_);
  exchange.ids = std::move(found.ids);
  if (!found.complaint.empty()) return reply_message(exchange, 431, found.complaint);
  if (exchange.ids.legacy_header_used) warn_of_legacy_id(exchange);
  is_score ? answer_score(exchange) : answer_swagger(exchange);
}

// The probes of a cluster know no secret.
bool Front::may_ask(const http::RequestHead& head, std::string_view path) const {
  if (options_.replica_secret.empty()) return true;
  if (head.method == "GET" && path == "/") return true;
  const std::string_view shown = head.find(kReplicaSecretHeader).value_or("");
  return constant_time_equal(shown, options_.replica_secret.reveal());
}

void Front::warn_of_legacy_id(const Exchange& exchange) {
  if (std::exchange(warned_of_legacy_id_, true)) return;
  log_.warn(exchange.ids.request_id,
            "a caller sends x-ms-request-id, which is deprecated; use x-ms-client-request-id (said "
            "once)");
}

void Front::answer_health(http::ServerCall& call) {
  const Phase phase = phase_.load(std::memory_order_relaxed);
  IdsFound found = find_ids(call.head(), random_);
  http::Reply reply;
  if (!found.complaint.empty()) {
    reply = plain_error(431, found.complaint);
  } else if (call.head().method == "OPTIONS") {
    reply = text_reply(200, kHtml, "");
    reply.headers.emplace_back("Allow", "HEAD, GET, OPTIONS");
  } else if (phase == Phase::serving) {
    reply = text_reply(200, kHtml, "Healthy");
  } else {
    reply = plain_error(503, phase == Phase::starting ? kStarting : kStopping);
  }
  add_common_headers(reply, found.ids);
  options_.cors.add_headers(call.head(), reply.headers);
  call.reply(std::move(reply));
}

void Front::answer_swagger(Exchange& exchange) {
  const http::RequestHead& head = exchange.call->head();
  if (head.method == "OPTIONS") {
    http::Reply allowed = text_reply(200, kHtml, "");
    allowed.headers.emplace_back("Allow", "HEAD, GET, OPTIONS");
    return reply(exchange, std::move(allowed), Outcome::Failed::unsaid);
  }
  auto document = find_swagger(swagger_, head.query());
  if (!document) {
    if (phase_.load(std::memory_order_relaxed) == Phase::starting) return refuse(exchange);
    return reply_message(exchange, 404, document.error());
  }
  reply(exchange, text_reply(200, kJson, std::string(*document)), Outcome::Failed::no);
}

void Front::answer_score(Exchange& exchange) {
  const http::RequestHead& head = exchange.call->head();
  if (!needs_.every_method) {
    if (head.method == "OPTIONS") {
      return reply(exchange, text_reply(200, kHtml, ""), Outcome::Failed::no);
    }
    if (head.method == "HEAD") return reply_message(exchange, 405, kScoreMethodNotAllowed);
  }
  // Again once the body is there; asking now spares a refused caller the upload.
  if (!admits()) return refuse(exchange);
  const bool has_body = head.chunked || head.content_length.value_or(0) > 0;
  if (!has_body || (head.method == "GET" && !needs_.every_method)) return admit(exchange);
  read_body(exchange);
}

Exchange& Front::begin_exchange(http::ServerCall& call) {
  Exchange& exchange = exchanges_.take();
  exchange.call = &call;
  exchange.began = clock_.mono();
  exchange.request.method = call.head().method;
  exchange.request.target = call.head().target;
  call.on_gone([this, &exchange, use = exchange.use] {
    if (exchange.use == use) on_gone(exchange);
  });
  return exchange;
}

void Front::read_body(Exchange& exchange) {
  exchange.call->read_body(options_.body_limits,
                           [this, &exchange, use = exchange.use](Result<http::Body> body) {
                             if (exchange.use != use) return;
                             if (!body) return body_failed(exchange, body.error());
                             exchange.request.body = std::move(*body);
                             admit(exchange);
                           });
}

void Front::body_failed(Exchange& exchange, const Error& error) {
  if (error.code == Code::cancelled) return on_gone(exchange);
  reply_message(exchange,
                error.code == Code::exhausted ? 413
                : error.code == Code::invalid ? 400
                                              : 500,
                error.message);
}

bool Front::admits() const {
  return phase_.load(std::memory_order_relaxed) == Phase::serving &&
         admitted_ < options_.concurrent_max;
}

void Front::admit(Exchange& exchange) {
  if (!admits()) return refuse(exchange);
  ++admitted_;
  exchange.has_place = exchange.is_with_worker = true;
  exchange.request.request_id = exchange.ids.request_id;
  if (needs_.headers) {
    exchange.request.headers = script_headers(exchange.call->head());
    exchange.request.peer = exchange.call->peer();
  }
  time_limit_.add(exchange);
  worker_.begin(exchange);
}

void Front::has_run(Job& job) {
  auto& exchange = static_cast<Exchange&>(job);
  leave(exchange);
  if (exchange.given_up) return exchanges_.give_back(exchange);
  if (exchange.stream) return end_stream(exchange);
  ran_.push_back(&exchange);
}

void Front::answer() {
  if (ran_.empty()) return;
  for (const Exchange* exchange : ran_) {
    log_.add(line_of(*exchange, exchange->outcome.status, exchange->outcome.body.size()));
  }
  log_.flush();
  answering_.swap(ran_);
  for (Exchange* exchange : answering_) {
    http::Reply answer = answer_of(*exchange);
    answer.body = std::move(exchange->outcome.body);
    send(*exchange, std::move(answer), exchange->outcome.failed);
  }
  answering_.clear();
}

// Without the body.
http::Reply Front::answer_of(Exchange& exchange) const {
  Outcome& outcome = exchange.outcome;
  drop_ours(outcome.headers, exchange.ids);
  http::Reply answer{.status = outcome.status, .headers = std::move(outcome.headers)};
  answer.headers.reserve(answer.headers.size() + kOurHeadersMax);
  if (!outcome.is_response && !has_header(answer.headers, "content-type")) {
    answer.headers.emplace_back("Content-Type", kJson);
  }
  if (outcome.run_ms) {
    answer.headers.emplace_back("x-ms-run-fn-exec-ms", milliseconds_text(*outcome.run_ms));
  }
  return answer;
}

// Before the reply: whoever reads it may send the next request at once.
void Front::leave(Exchange& exchange) {
  TIDEGATE_CHECK(exchange.has_place && admitted_ > 0);
  time_limit_.remove(exchange);
  --admitted_;
  exchange.has_place = false;
}

// run() hangs where Python cannot interrupt it, and with it all that wait for its thread.
void Front::give_up(Job& job) {
  auto& exchange = static_cast<Exchange&>(job);
  stop_admitting();
  log_.error(
      exchange.ids.request_id,
      fmt::format("run() has not come back from code that cannot be interrupted, {} ms after "
                  "its time limit of {} ms; this process ends, so that a new one takes its "
                  "place. Standard error shows where it hangs",
                  grace_after(options_.scoring_timeout).count(), options_.scoring_timeout.count()));
  worker_.is_stuck(job);
  while (Job* waiting = worker_.take_back()) {
    auto& refused = static_cast<Exchange&>(*waiting);
    leave(refused);
    refuse(refused);
  }
  exchange.given_up = true;
  reply(exchange, text_reply(500, kJson, timeout_body(options_.scoring_timeout)),
        Outcome::Failed::yes);
  if (when_stuck_) when_stuck_();
}

// The client's leaving frees no place: run() goes on, and its end comes by finish().
void Front::on_gone(Exchange& exchange) {
  exchange.call = nullptr;
  if (exchange.streaming.begun != nullptr) exchange.streaming.begun->cut();
  if (!exchange.is_with_worker) exchanges_.give_back(exchange);
}

void Front::refuse(Exchange& exchange) {
  const Phase phase = phase_.load(std::memory_order_relaxed);
  http::Reply refusal = text_reply(503, kJson,
                                   message_body(phase == Phase::starting   ? kStarting
                                                : phase == Phase::stopping ? kStopping
                                                                           : full_message_));
  refusal.headers.emplace_back("x-tidegate-not-started", "1");
  reply(exchange, std::move(refusal), Outcome::Failed::no);
}

void Front::reply_message(Exchange& exchange, int status, std::string_view message) {
  reply(exchange, text_reply(status, kJson, message_body(message)), Outcome::Failed::no);
}

void Front::reply(Exchange& exchange, http::Reply reply, Outcome::Failed failed) {
  // First: whoever has the reply finds its line.
  log_.write(line_of(exchange, reply.status, reply.body.size()));
  send(exchange, std::move(reply), failed);
}

void Front::send(Exchange& exchange, http::Reply reply, Outcome::Failed failed) {
  if (exchange.call != nullptr && exchange.streaming.begun != nullptr) {
    exchange.call->abort();  // its head has gone out
  } else if (exchange.call != nullptr) {
    add_reply_headers(exchange, reply, failed);
    exchange.call->reply(std::move(reply));
  }
  if (exchange.given_up) {
    exchange.call = nullptr;
  } else {
    exchanges_.give_back(exchange);
  }
}

AccessLog::Entry Front::line_of(const Exchange& exchange, int status, std::size_t length) const {
  return {.method = exchange.request.method,
          .target = exchange.request.target,
          .request_id = exchange.ids.request_id,
          .status = status,
          .duration = clock_.mono() - exchange.began,
          .length = length};
}

void Front::add_reply_headers(const Exchange& exchange, http::Reply& reply,
                              Outcome::Failed failed) const {
  if (failed != Outcome::Failed::unsaid) {
    reply.headers.emplace_back("x-ms-run-function-failed", failed_text(failed));
  }
  add_common_headers(reply, exchange.ids);
  options_.cors.add_headers(exchange.call->head(), reply.headers);
}

void Front::add_common_headers(http::Reply& reply, const RequestIds& ids) const {
  auto add = [&](std::string_view name, std::string_view value) {
    if (!value.empty()) reply.headers.emplace_back(name, value);
  };
  add("x-ms-server-version", options_.version);
  add("x-request-id", ids.request_id);
  add("x-ms-request-id", ids.legacy_id);
  add("x-ms-client-request-id", ids.client_request_id);
  if (ids.trace_id) reply.headers.emplace_back("TraceId", *ids.trace_id);
}

// A script may set what we set, too: ours is sent, once.
void Front::drop_ours(HeaderList& headers, const RequestIds& ids) const {
  std::erase_if(headers, [&](const auto& header) {
    auto is = [&](std::string_view name) { return http::equal_names(header.first, name); };
    return is("x-request-id") || is("x-ms-request-id") ||
           (is("x-ms-server-version") && !options_.version.empty()) ||
           (is("x-ms-client-request-id") && !ids.client_request_id.empty()) ||
           (is("TraceId") && ids.trace_id);
  });
}

http::Reply Front::error_reply(int status, std::string_view reason) const {
  return plain_error(status, reason);
}

}  // namespace tidegate::scoring
