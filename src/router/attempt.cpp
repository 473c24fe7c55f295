#include "router/attempt.h"

#include "base/log.h"
#include "router/forward.h"

namespace tidegate::router {

using policy::Outcome;

Attempt::Attempt(Owner& owner, Listener& listener, Ticket ticket, http::Body body)
    : owner_(owner),
      listener_(&listener),
      replica_(ticket.replica()),
      ticket_(std::move(ticket)),
      body_(std::move(body)) {}

void Attempt::start(http::Upstream& upstream, std::string_view head) {
  call_ = upstream.send(head, body_, *this);
}

void Attempt::detach() {
  listener_ = nullptr;
  if (!is_stream_) return call_->resume();  // nobody reads slowly any more
  is_cut_ = true;
  ticket_.reset();
  owner_.on_attempt_over(*this);
}

void Attempt::on_head(const http::ResponseHead& head) {
  outcome_ = outcome_of(head);
  is_stream_ = is_passed_on() && !head.content_length;
  if (listener_ != nullptr && is_passed_on()) listener_->on_reply_head(head);
}

void Attempt::on_body(std::string_view bytes) {
  if (listener_ != nullptr && is_passed_on()) listener_->on_reply_body(bytes);
}

void Attempt::on_done() {
  end(outcome_, "");
}

void Attempt::on_failure(http::UpstreamFailure failure, std::string_view detail) {
  if (!is_passed_on()) return end(outcome_, detail);
  switch (failure) {
    case http::UpstreamFailure::not_sent:
      return end(Outcome::not_sent, detail);
    case http::UpstreamFailure::no_response:
      return end(Outcome::no_response, detail);
    case http::UpstreamFailure::broken_reply:
      return end(Outcome::broken_reply, detail);
  }
}

// Rare: an unreachable replica rests longer each time, and one that exits takes a while to come
// back.
void Attempt::log_failure(Outcome outcome, std::string_view detail) const {
  std::string_view event = "replica_unreachable";
  if (outcome == Outcome::no_response) event = "replica_exited";
  if (outcome == Outcome::broken_reply) event = "replica_reply_broken";
  if (outcome == Outcome::refused) event = "replica_refused";
  log(Level::warning, event,
      {{"replica", replica_->id}, {"version", replica_->version->id}, {"error", detail}});
}

// The replica rests before its slot is free, so that the one who is woken by the slot sees it
// resting.
void Attempt::end(Outcome outcome, std::string_view detail) {
  if (is_cut_) return;
  if (outcome != Outcome::answered && outcome != Outcome::not_started) log_failure(outcome, detail);
  if (policy::may_retry(outcome)) {
    replica_->rest(outcome, owner_.now());
  } else if (outcome == Outcome::answered) {
    replica_->recover();
  }
  ticket_.reset();
  if (Listener* listener = std::exchange(listener_, nullptr)) {
    if (outcome == Outcome::answered) {
      listener->on_attempt_done();
    } else {
      listener->on_attempt_failed(outcome);
    }
  }
  owner_.on_attempt_over(*this);
}

}  // namespace tidegate::router
