#pragma once

#include <memory>
#include <string_view>

#include "http/server.h"
#include "router/attempt.h"
#include "router/core_services.h"
#include "router/match.h"
#include "router/waiting_room.h"
#include "telemetry/access_record.h"

namespace tidegate::router {

// Everything about one request, freed in one go when it is over.
//
//   reading -> (claim) -> dispatched -> replying -> over
//                 |          ^   |
//                 v          |   v
//                queued -----+<--+  not started or not sent: to the front of the queue
//                                |
//                                +--> asking -> over    it ended; how?
//
// match, admit and split are decided once, by the routes the request began with; which replicas
// there are is looked up whenever a slot is wanted. All roads end in finish(). Belongs to a core's
// thread.
class Exchange final : private Attempt::Listener {
 public:
  // call: valid until its reply has been finished or the client has left.
  Exchange(CoreServices& core, http::ServerCall& call, ExchangeId id);

  void begin();
  // From the queue.
  void on_admission(Admission admission);
  // How the replica ended that had the request, as a text for people; nullopt: that is not known.
  void on_exit_told(const std::optional<std::string>& text);
  // The router stops and cannot wait any longer.
  void cut();

 private:
  enum class State { reading, queued, dispatched, replying, asking, over };

  // exchange.cpp: from the head to a slot
  Stage<void> match_admit_split();
  void on_request_body(Result<http::Body> body);
  void claim_or_wait(WaitingRoom::End end);
  Stage<void> find_version();
  void wait(WaitingRoom::End end);
  void on_client_gone();
  void refuse_with(const LocalReply& reply);
  void finish(int status, Reason reason);

  // exchange_reply.cpp: from a slot to the end of the reply
  void dispatch(Ticket ticket);
  void on_reply_head(const http::ResponseHead& head) override;
  void on_reply_body(std::string_view bytes) override;
  void on_attempt_done() override;
  void on_attempt_failed(policy::Outcome outcome) override;
  void try_again(policy::Outcome outcome);
  void ask_how_it_ended(const Replica& replica);
  void pause();
  void resume();
  void on_time_up();
  void arm_timer(MonoTime::duration delay);
  void break_off(Reason reason);

  CoreServices& core_;
  const ExchangeId id_;
  http::ServerCall* call_;  // null: replied, or the client left
  State state_ = State::reading;
  const MonoTime began_;
  telemetry::AccessRecord record_;

  // Decided once.
  const RoutesPtr routes_;
  Target target_;  // views into the head: valid while call_ is

  // What the request wants a slot of: a version of routes_, or it (or one that took its place) as
  // later_routes_ has it.
  RoutesPtr later_routes_;
  const LiveService* service_ = nullptr;
  const LiveVersion* version_ = nullptr;

  http::Body body_;

  // Waiting.
  std::shared_ptr<VersionState> queued_in_;
  MonoTime wait_began_;
  MonoTime wait_deadline_;
  int late_retries_ = 0;

  // At a replica.
  Attempt* attempt_ = nullptr;  // null: none that we listen to
  http::Timer timer_;
  MonoTime dispatched_at_;
  MonoTime last_progress_;            // of the reply's body
  bool paused_ = false;               // the client reads slowly
  Reason answer_ = Reason::answered;  // or replica_failed
};

}  // namespace tidegate::router
