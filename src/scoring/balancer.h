#pragma once

#include <atomic>
#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/random.h"
#include "base/secret.h"
#include "http/loop.h"
#include "http/server.h"
#include "scoring/access_log.h"
#include "scoring/balanced_request.h"
#include "scoring/balanced_worker.h"
#include "scoring/cors.h"

namespace tidegate::scoring {

struct BalancerOptions {
  std::size_t concurrent_max = 1;  // requests in workers and waiting for one, together
  http::BodyLimits body_limits{.memory_max_bytes = 4UL << 20};
  std::string version;  // x-ms-server-version of its own replies; empty: not sent
  int log_fd = -1;
  Secret replica_secret;                 // as FrontOptions has it
  Cors cors;                             // for its own replies
  Milliseconds worker_timeout{300'000};  // a request that takes longer is told as `stuck`; 0: none
};

// What whoever starts and ends the workers has to know.
struct BalancerEvent {
  enum class Kind {
    due,      // the worker has served its requests_max
    idle,     // the worker that was retired has nothing any more
    stuck,    // a request of the worker takes longer than worker_timeout
    drained,  // stop_admitting(), and nothing is in a worker or waits for one
  };
  Kind kind;
  int worker = 0;
};

// What stands before several worker processes, where Front stands before one run(): it admits at
// most concurrent_max /score requests, gives each worker no more than its slots, lets the others
// wait in order of arrival, and refuses what comes on top (503, x-tidegate-not-started: 1). It
// answers GET / itself. Everything else is passed through as it is: ids, headers, access log and
// swagger are the worker's business. A request whose worker dies gets 502 with the reason; one that
// a worker has not started goes to another. Belongs to the loop's thread, but for
// stop_admitting_now().
class Balancer final : public http::RequestHandler, private BalancedRequest::Owner {
 public:
  // `tell` is called on the loop's thread and must not call back. References outlive the balancer.
  Balancer(http::Loop& loop, BalancerOptions options, const Clock& clock, Random& random,
           std::function<void(BalancerEvent)> tell);

  void on_request(http::ServerCall& call) override;

  void add(WorkerProcess process);
  // Gives it nothing new; `idle` tells when it has finished what it has.
  void retire(int number);
  // The process is gone, and why. Those who wait for the reason get it.
  void ended(int number, std::string cause);
  void stop_admitting_now() { stopping_.store(true); }  // any thread: nothing new from now on
  void stop_admitting();                                // and `drained` will be told

  http::Reply error_reply(int status, std::string_view reason) const;
  std::size_t waiting() const { return waiting_.size(); }

 private:
  // balancer.cpp: from a request to a worker
  void answer_health(http::ServerCall& call);
  bool may_ask(const http::RequestHead& head, std::string_view path) const;
  bool admits() const;
  std::string_view why_not() const;
  void begin_request(http::ServerCall& call, bool is_score);
  void on_arrived(BalancedRequest& request, bool is_score);
  void admit(BalancedRequest& request);
  void give_at_once(BalancedRequest& request);
  void pump();
  void dispatch(BalancedRequest& request, BalancedWorker& worker);
  BalancedWorker* find_free();
  BalancedWorker* find_ready();
  bool is_ready(const BalancedWorker& worker) const;
  std::size_t ready_count() const;
  BalancedWorker* find(int number);

  // balancer_ends.cpp: how requests and workers end
  MonoTime now() const override { return clock_.mono(); }
  void on_place_free(BalancedRequest& request) override;
  void on_not_started(BalancedRequest& request) override;
  void on_lost(BalancedRequest& request) override;
  void on_over(BalancedRequest& request) override;
  void on_gone(BalancedRequest& request);
  void leave_worker(BalancedRequest& request);
  void rest(BalancedWorker& worker, Milliseconds time);
  void tell_the_lost(BalancedRequest& request);
  void give_up_calls(int number);
  void forget_ended();
  void watch_for_nobody();
  void refuse_waiting();
  void watch_for_stuck(MonoTime::duration delay);
  void look_for_stuck();
  void tell_if_drained();
  void refuse(BalancedRequest& request, std::string_view message);
  void cut(BalancedRequest& request, std::uint64_t use);
  void reply(BalancedRequest& request, http::Reply reply);
  void release(BalancedRequest& request);
  void add_common_headers(http::Reply& reply, const http::RequestHead& head,
                          std::string_view made_id, std::string& request_id);

  http::Loop& loop_;
  const BalancerOptions options_;
  const Clock& clock_;
  Random& random_;
  const std::function<void(BalancerEvent)> tell_;
  AccessLog log_;
  const std::string full_message_;
  BalancedRequestPool requests_;
  std::deque<BalancedRequest*> waiting_;
  std::vector<std::unique_ptr<BalancedWorker>> workers_;
  std::size_t next_ = 0;      // where the search for a free worker begins
  std::size_t admitted_ = 0;  // <= options_.concurrent_max
  bool was_ready_ = false;    // some worker has been ready once
  bool drained_told_ = false;
  std::atomic<bool> stopping_{false};
  http::Timer rest_timer_;
  http::Timer nobody_timer_;
  http::Timer stuck_timer_;
  bool stuck_timer_armed_ = false;
};

}  // namespace tidegate::scoring
