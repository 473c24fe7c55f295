#pragma once

#include "base/clock.h"
#include "base/random.h"
#include "http/body.h"
#include "http/loop.h"
#include "router/attempt.h"
#include "router/metrics.h"
#include "router/waiting_room.h"
#include "telemetry/access_record.h"

namespace tidegate::router {

// What an exchange needs from its core. All calls on the core's thread.
class CoreServices {
 public:
  virtual http::Loop& loop() = 0;
  virtual const Clock& clock() const = 0;
  virtual Random& random() = 0;                 // for ids; safe from any thread
  virtual std::uint64_t dice() = 0;             // for choices; cheap
  virtual const RoutesPtr& routes() const = 0;  // the newest
  virtual const http::BodyLimits& body_limits() const = 0;

  virtual std::uint32_t waiting_max() const = 0;  // per version
  virtual Milliseconds exit_wait() const = 0;     // for how a replica ended

  // A slot right now, or nothing.
  virtual std::optional<Ticket> claim(const LiveVersion& version) = 0;
  // Queueing at the version's home core; the answer comes to Exchange::on_admission.
  virtual void join_queue(const std::shared_ptr<VersionState>& version, ExchangeId id,
                          MonoTime deadline, WaitingRoom::End end) = 0;
  virtual void leave_queue(const std::shared_ptr<VersionState>& version, ExchangeId id) = 0;

  // Sends the request; the attempt lives until its replica has answered or died.
  virtual Attempt& start_attempt(Attempt::Listener& listener, Ticket ticket, http::Body body,
                                 std::string_view head) = 0;

  // How it ended; the answer comes to Exchange::on_exit_told.
  virtual void ask_exit(const Replica& replica, ExchangeId id) = 0;

  virtual void count_retry(const ServiceName& service, policy::Outcome why) = 0;
  // Counts and logs. The exchange is destroyed soon after, not before it has returned to the loop.
  virtual void on_exchange_over(ExchangeId id, const telemetry::AccessRecord& record) = 0;

 protected:
  ~CoreServices() = default;
};

}  // namespace tidegate::router
