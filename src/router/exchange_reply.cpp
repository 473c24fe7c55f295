// Exchange: from a slot to the end of the reply.
#include <algorithm>

#include "router/exchange.h"
#include "router/forward.h"

namespace tidegate::router {
namespace {

// What may wait for a client that reads slowly, per reply.
constexpr std::size_t kReplyBufferHigh = 1UL << 20;
constexpr std::size_t kReplyBufferLow = 256UL << 10;
// A request that was refused at its deadline gets this many more chances: with maxQueueWaitMs 0 it
// should still find the replica that is alive.
constexpr int kLateRetriesMax = 3;

telemetry::Microseconds micros(MonoTime::duration time) {
  return std::chrono::duration_cast<telemetry::Microseconds>(time);
}

}  // namespace

void Exchange::dispatch(Ticket ticket) {
  state_ = State::dispatched;
  dispatched_at_ = core_.clock().mono();
  record_.queue += micros(dispatched_at_ - wait_began_);
  record_.replica = ticket.replica()->id;
  const std::string head =
      request_head_for_replica(call_->head(), {.path = target_.replica_path,
                                               .request_id = record_.request_id,
                                               .peer = record_.peer,
                                               .body_size = body_.size(),
                                               .replica_secret = service_->config->replica_secret});
  attempt_ = &core_.start_attempt(*this, std::move(ticket), std::move(body_), head);
  arm_timer(version_->config->scoring_timeout);
}

void Exchange::on_reply_head(const http::ResponseHead& head) {
  state_ = State::replying;
  last_progress_ = core_.clock().mono();
  const ForwardedReply reply = reply_head_for_client(head, record_.request_id);
  record_.status = reply.head.status;
  answer_ = head.status == 500 ? Reason::replica_failed : Reason::answered;
  call_->begin_reply(reply.head, reply.extra_lines, head.content_length);
}

void Exchange::on_reply_body(std::string_view bytes) {
  last_progress_ = core_.clock().mono();
  record_.bytes_out += bytes.size();
  if (call_->write(bytes) > kReplyBufferHigh && !paused_) pause();
}

void Exchange::pause() {
  paused_ = true;
  attempt_->pause();
  call_->on_drained(kReplyBufferLow, [this] { resume(); });
}

void Exchange::resume() {
  paused_ = false;
  last_progress_ = core_.clock().mono();
  if (attempt_ != nullptr) attempt_->resume();
}

void Exchange::on_attempt_done() {
  attempt_ = nullptr;
  http::ServerCall* call = std::exchange(call_, nullptr);
  finish(record_.status, answer_);
  call->end_reply();
}

void Exchange::on_attempt_failed(policy::Outcome outcome) {
  if (state_ == State::replying) {
    attempt_ = nullptr;
    return break_off(Reason::broken_reply);
  }
  if (policy::may_retry(outcome)) return try_again(outcome);
  const Replica& replica = std::exchange(attempt_, nullptr)->replica();
  if (outcome == policy::Outcome::no_response) return ask_how_it_ended(replica);
  refuse_with({.status = 502, .reason = Reason::broken_reply});
}

// The connection closes a moment before it is known why.
void Exchange::ask_how_it_ended(const Replica& replica) {
  record_.upstream = micros(core_.clock().mono() - dispatched_at_);
  state_ = State::asking;
  if (replica.exit_record.empty()) return on_exit_told(std::nullopt);
  arm_timer(2 * core_.exit_wait());  // for a hub that is held up
  core_.ask_exit(replica, id_);
}

void Exchange::on_exit_told(const std::optional<std::string>& text) {
  if (state_ != State::asking) return;
  refuse_with({.status = 502, .reason = Reason::replica_exited, .replica_end = text.value_or("")});
}

// Nothing has started: back to the front of the queue, until the deadline it had from the
// beginning.
void Exchange::try_again(policy::Outcome outcome) {
  body_ = std::exchange(attempt_, nullptr)->take_body();
  timer_.cancel();
  core_.count_retry({record_.workspace, record_.service}, outcome);
  wait_began_ = core_.clock().mono();
  if (wait_began_ >= wait_deadline_ && ++late_retries_ > kLateRetriesMax) {
    return refuse_with({.status = 503,
                        .reason = outcome == policy::Outcome::refused ? Reason::replica_refused
                                                                      : Reason::queue_timeout});
  }
  if (Stage<void> found = find_version(); !found) return refuse_with(found.error());
  wait(WaitingRoom::End::front);
}

// scoringTimeoutMs limits the time from dispatch to the head of the answer; then, the time between
// two pieces of its body, unless it is the client that does not read.
void Exchange::on_time_up() {
  if (state_ == State::asking) return on_exit_told(std::nullopt);
  const Milliseconds limit = version_->config->scoring_timeout;
  if (state_ == State::dispatched) {
    return refuse_with({.status = 504, .reason = Reason::timed_out});
  }
  const MonoTime::duration idle = core_.clock().mono() - last_progress_;
  if (paused_) return arm_timer(limit);
  if (idle < limit) return arm_timer(limit - idle);
  break_off(Reason::timed_out);
}

void Exchange::arm_timer(MonoTime::duration delay) {
  timer_.start(std::max(std::chrono::ceil<Milliseconds>(delay), Milliseconds(1)),
               [this] { on_time_up(); });
}

// The reply has begun: its end must be missing, so that the client sees it.
void Exchange::break_off(Reason reason) {
  http::ServerCall* call = std::exchange(call_, nullptr);
  finish(record_.status, reason);
  call->abort();
}

}  // namespace tidegate::router
