#include "scoring/balanced_request.h"

#include <iterator>

#include <fmt/format.h>

#include "scoring/replica_secret.h"

namespace tidegate::scoring {
namespace {

// What may wait for a client that reads slowly.
constexpr std::size_t kReplyBufferHigh = 1UL << 20;
constexpr std::size_t kReplyBufferLow = 256UL << 10;

bool stays_here(std::string_view name, std::string_view connection) {
  return http::equal_names(name, "Content-Length") || http::equal_names(name, "Expect") ||
         http::equal_names(name, kReplicaSecretHeader) || http::is_hop_by_hop(name, connection);
}

}  // namespace

std::string head_for_worker(const http::RequestHead& head, std::string_view made_id,
                            std::uint64_t body_size) {
  std::string out;
  out.reserve(1024);
  out.append(head.method).append(" ").append(head.target).append(" HTTP/1.1\r\n");
  const std::string_view connection = head.find("Connection").value_or("");
  for (const http::HeaderView& header : head.headers) {
    if (stays_here(header.name, connection)) continue;
    out.append(header.name).append(": ").append(header.value).append("\r\n");
  }
  if (!made_id.empty()) out.append("x-request-id: ").append(made_id).append("\r\n");
  if (!head.find("Host")) out.append("Host: worker\r\n");  // HTTP/1.0 clients need not send one
  if (head.chunked || head.content_length) {
    fmt::format_to(std::back_inserter(out), "Content-Length: {}\r\n", body_size);
  }
  out.append("\r\n");
  return out;
}

void BalancedRequest::start(BalancedWorker& to, std::string_view head) {
  worker = &to;
  state = State::running;
  active_at = owner_.now();
  refused_ = false;
  paused_ = false;
  upstream_call_ = to.upstream.send(head, body, *this);
}

void BalancedRequest::forget_client() {
  call = nullptr;
  if (!paused_) return;
  paused_ = false;
  if (upstream_call_) upstream_call_->resume();
}

void BalancedRequest::clear() {
  ++use;
  upstream_call_.reset();
  cause_timer.cancel();
  call = nullptr;
  state = State::arriving;
  made_id.clear();
  body = http::Body();  // its memory goes: a body may be large
  worker = nullptr;
  admitted = holds_place = stuck_told = false;
  refusals = 0;
}

void BalancedRequest::on_head(const http::ResponseHead& head) {
  refused_ = head.status == 503 && head.find("x-tidegate-not-started") == "1";
  if (refused_) return;
  state = State::replying;
  if (call != nullptr) call->begin_reply(head, "", head.content_length);
  // A reply of known length is whole in the worker's memory: run() is over, however long the client
  // takes to read. A stream is made while it is sent.
  if (head.content_length) owner_.on_place_free(*this);
}

void BalancedRequest::on_body(std::string_view bytes) {
  if (refused_) return;
  active_at = owner_.now();
  if (call == nullptr) return;
  if (call->write(bytes) > kReplyBufferHigh && !paused_) pause();
}

void BalancedRequest::pause() {
  paused_ = true;
  upstream_call_->pause();
  call->on_drained(kReplyBufferLow, [this, number = use] {
    if (use != number || !paused_) return;
    paused_ = false;
    if (upstream_call_) upstream_call_->resume();
  });
}

void BalancedRequest::on_done() {
  if (refused_) return owner_.on_not_started(*this);
  // Everything is in order before the client can know, because it may ask again at once.
  http::ServerCall* client = std::exchange(call, nullptr);
  owner_.on_over(*this);
  if (client != nullptr) client->end_reply();
}

void BalancedRequest::on_failure(http::UpstreamFailure failure, std::string_view) {
  if (refused_ || failure == http::UpstreamFailure::not_sent) return owner_.on_not_started(*this);
  if (state != State::replying) {
    state = State::lost;
    return owner_.on_lost(*this);
  }
  http::ServerCall* client = std::exchange(call, nullptr);
  owner_.on_over(*this);
  if (client != nullptr) client->abort();  // its end must be missing, so that the client sees it
}

BalancedRequest& BalancedRequestPool::take() {
  if (free_.empty()) {
    free_.push_back(all_.emplace_back(std::make_unique<BalancedRequest>(loop_, owner_)).get());
  }
  BalancedRequest& request = *free_.back();
  free_.pop_back();
  return request;
}

void BalancedRequestPool::give_back(BalancedRequest& request) {
  request.clear();
  free_.push_back(&request);
}

}  // namespace tidegate::scoring
