#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "http/body.h"
#include "http/loop.h"
#include "http/server.h"
#include "http/upstream.h"
#include "scoring/balanced_worker.h"

namespace tidegate::scoring {

// One request on its way to a worker process and back. What the worker answers is passed on byte
// for byte, with a bounded buffer. It outlives its client: run() goes on, so the worker stays taken
// until it has answered or died. A stream ends with its client. Belongs to the loop's thread.
//
//   arriving -> waiting -> running -> replying -> (free)
//                  ^          |  |
//   not started ---+----------+  +-> lost: the worker closed; why is not known yet
class BalancedRequest final : public http::UpstreamHandler {
 public:
  class Owner {
   public:
    virtual MonoTime now() const = 0;
    // run() is over: the worker can take another request. Comes before on_over, or not at all.
    virtual void on_place_free(BalancedRequest& request) = 0;
    // The worker did not take it, or refused it before user code saw it.
    virtual void on_not_started(BalancedRequest& request) = 0;
    // No reply, and there will be none: the worker closed its connection.
    virtual void on_lost(BalancedRequest& request) = 0;
    // Passed on to its end, or broken off where the worker broke off. The last call.
    virtual void on_over(BalancedRequest& request) = 0;

   protected:
    ~Owner() = default;
  };
  enum class State { arriving, waiting, running, replying, lost };

  BalancedRequest(http::Loop& loop, Owner& owner) : cause_timer(loop), owner_(owner) {}

  void start(BalancedWorker& to, std::string_view head);
  // The client has left; what the worker still says is thrown away.
  void forget_client();
  // Hears nothing more of the worker.
  void cancel() { upstream_call_.reset(); }
  // For another use of this object.
  void clear();

  // The balancer's, which keeps them; no others write here.
  http::ServerCall* call = nullptr;  // null: the client left
  std::uint64_t use = 0;             // a callback of an earlier use finds another number
  State state = State::arriving;
  MonoTime began;      // arrived
  MonoTime active_at;  // given to the worker, or the last piece of its reply came
  std::string method;  // these two outlive the client
  std::string target;
  std::string made_id;  // the worker is told this one; empty: the client has sent one
  http::Body body;
  BalancedWorker* worker = nullptr;
  bool admitted = false;     // counts among concurrent_max
  bool holds_place = false;  // counts among the worker's `running`
  bool stuck_told = false;
  int refusals = 0;
  http::Timer cause_timer;  // lost: how long to wait for the reason

 private:
  void on_head(const http::ResponseHead& head) override;
  void on_body(std::string_view bytes) override;
  void on_done() override;
  void on_failure(http::UpstreamFailure failure, std::string_view detail) override;
  void pause();

  Owner& owner_;
  bool refused_ = false;  // as the head of the worker's reply says
  bool paused_ = false;
  std::unique_ptr<http::UpstreamCall> upstream_call_;  // uses `body`
};

// Used again, with the memory of their short texts.
class BalancedRequestPool {
 public:
  BalancedRequestPool(http::Loop& loop, BalancedRequest::Owner& owner)
      : loop_(loop), owner_(owner) {}
  BalancedRequest& take();
  void give_back(BalancedRequest& request);
  // Of all, also those that are not in use: these have state arriving and no worker.
  const std::vector<std::unique_ptr<BalancedRequest>>& all() const { return all_; }

 private:
  http::Loop& loop_;
  BalancedRequest::Owner& owner_;
  std::vector<std::unique_ptr<BalancedRequest>> all_;
  std::vector<BalancedRequest*> free_;
};

// The head for the worker: the client's without hop-by-hop headers, Expect and the replica's
// secret, framed anew, with `made_id` as its x-request-id unless that is empty. Everything else is
// the worker's business.
std::string head_for_worker(const http::RequestHead& head, std::string_view made_id,
                            std::uint64_t body_size);

}  // namespace tidegate::scoring
