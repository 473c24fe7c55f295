#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "http/upstream.h"
#include "policy/retry.h"
#include "router/replica.h"

namespace tidegate::router {

// One request given to one replica: the call, its body and the slot it occupies. It outlives the
// exchange that began it if the client leaves or time runs out: run() goes on, so the slot stays
// taken until the replica has answered or died. A stream that has begun is the exception: it is
// cut, so that the replica makes no more of it. Belongs to a core's thread.
class Attempt final : public http::UpstreamHandler {
 public:
  // The exchange's side. on_attempt_done or on_attempt_failed is the last call; the slot is free by
  // then.
  class Listener {
   public:
    virtual void on_reply_head(const http::ResponseHead& head) = 0;
    virtual void on_reply_body(std::string_view bytes) = 0;
    virtual void on_attempt_done() = 0;
    virtual void on_attempt_failed(policy::Outcome outcome) = 0;

   protected:
    ~Listener() = default;
  };
  class Owner {
   public:
    virtual MonoTime now() const = 0;
    // The attempt is over; it must not be destroyed before this call has returned to the loop.
    virtual void on_attempt_over(Attempt& attempt) = 0;

   protected:
    ~Owner() = default;
  };

  Attempt(Owner& owner, Listener& listener, Ticket ticket, http::Body body);

  void start(http::Upstream& upstream, std::string_view head);
  // The exchange wants to hear no more; whatever comes is thrown away, a stream is cut.
  void detach();
  void pause() { call_->pause(); }
  void resume() { call_->resume(); }
  // For another attempt, from on_attempt_failed on.
  http::Body take_body() { return std::move(body_); }
  const Replica& replica() const { return *replica_; }

 private:
  void on_head(const http::ResponseHead& head) override;
  void on_body(std::string_view bytes) override;
  void on_done() override;
  void on_failure(http::UpstreamFailure failure, std::string_view detail) override;
  bool is_passed_on() const { return outcome_ == policy::Outcome::answered; }
  void end(policy::Outcome outcome, std::string_view detail);
  void log_failure(policy::Outcome outcome, std::string_view detail) const;

  Owner& owner_;
  Listener* listener_;  // null: detached
  std::shared_ptr<Replica> replica_;
  std::optional<Ticket> ticket_;
  http::Body body_;
  policy::Outcome outcome_ = policy::Outcome::answered;  // as its head says
  bool is_stream_ = false;  // a reply without a length has begun: it may have no end
  bool is_cut_ = false;     // over, and its connection closes with this object
  std::unique_ptr<http::UpstreamCall> call_;  // last: it uses body_
};

}  // namespace tidegate::router
