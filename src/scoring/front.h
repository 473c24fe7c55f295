#pragma once

#include <atomic>
#include <functional>
#include <string>
#include <vector>

#include "base/secret.h"
#include "http/loop.h"
#include "http/server.h"
#include "scoring/access_log.h"
#include "scoring/cors.h"
#include "scoring/exchange.h"
#include "scoring/random_pool.h"
#include "scoring/swagger.h"
#include "scoring/time_limit.h"
#include "scoring/worker.h"

namespace tidegate::scoring {

struct FrontOptions {
  std::size_t concurrent_max = 1;  // admitted, and run() is not over
  http::BodyLimits body_limits{.memory_max_bytes = 4UL << 20};
  Milliseconds scoring_timeout{3'600'000};  // 0: none
  // What run() gets beyond it: a router with the same limit is to answer first.
  Milliseconds scoring_margin{0};
  std::string version;  // x-ms-server-version; empty: not sent
  int log_fd = -1;
  // What every request but GET / must show in x-tidegate-replica-secret; empty: nothing.
  Secret replica_secret;
  Cors cors;
};

// What stands between a request and the worker: routes, admission, header rules, access log.
// "At most concurrent_max at once" is exact because it is counted here, on one thread: whatever
// comes on top is answered 503 with `x-tidegate-not-started: 1` before user code sees it. Belongs
// to the loop's thread, but for stop_admitting().
class Front final : public http::RequestHandler {
 public:
  Front(http::Loop& loop, Worker& worker, FrontOptions options, const Clock& clock, Random& random);

  void on_request(http::ServerCall& call) override;

  // init() has returned: from now on GET / is Healthy and /score is admitted.
  void open(Needs needs, SwaggerDocuments swagger);
  // Any thread, also a signal handler. Everything new is refused; what is admitted goes on.
  void stop_admitting() { phase_.store(Phase::stopping); }
  bool is_stopping() const { return phase_.load() == Phase::stopping; }  // any thread
  // stop_admitting(), and the worker is told that no job comes after those it has.
  void end();
  // No admitted request is left, and none will come.
  bool has_ended() const { return ended_ && admitted_ == 0; }
  // The worker is done with a job that begin() gave it, and its place is free. The reply follows
  // with answer().
  void has_run(Job& job);
  // Replies to all that has_run() was told: their log lines first, in one write, so that many short
  // jobs cost their callers' side one wake-up.
  void answer();
  bool owes_replies() const { return !ran_.empty(); }
  void finish(Job& job) {
    has_run(job);
    answer();
  }
  // Its outcome is there but for the body, and job.stream has pieces of that, or will have.
  void pump(Job& job);
  // Called once a job did not come back from its interruption: it has been answered, and those that
  // waited were refused; the process should end when the replies have been written.
  void when_stuck(std::function<void()> task) { when_stuck_ = std::move(task); }

  http::Reply error_reply(int status, std::string_view reason) const;

 private:
  enum class Phase { starting, serving, stopping };

  bool may_ask(const http::RequestHead& head, std::string_view path) const;
  void answer_health(http::ServerCall& call);
  void answer_swagger(Exchange& exchange);
  void answer_score(Exchange& exchange);
  void warn_of_legacy_id(const Exchange& exchange);
  void reply(Exchange& exchange, http::Reply reply, Outcome::Failed failed);
  // All ways to a reply on /score and /swagger.json end here; takes the exchange back.
  void send(Exchange& exchange, http::Reply reply, Outcome::Failed failed);
  void reply_message(Exchange& exchange, int status, std::string_view message);
  void refuse(Exchange& exchange);
  bool admits() const;

  Exchange& begin_exchange(http::ServerCall& call);
  void read_body(Exchange& exchange);
  void body_failed(Exchange& exchange, const Error& error);
  void admit(Exchange& exchange);
  void on_gone(Exchange& exchange);
  void leave(Exchange& exchange);
  void give_up(Job& job);
  http::Reply answer_of(Exchange& exchange) const;
  void add_reply_headers(const Exchange& exchange, http::Reply& reply,
                         Outcome::Failed failed) const;
  AccessLog::Entry line_of(const Exchange& exchange, int status, std::size_t length) const;
  void begin_stream(Exchange& exchange);
  void send_pieces(Exchange& exchange);
  void end_stream(Exchange& exchange);
  void drop_ours(HeaderList& headers, const RequestIds& ids) const;
  void add_common_headers(http::Reply& reply, const RequestIds& ids) const;

  Worker& worker_;
  const FrontOptions options_;
  const Clock& clock_;
  RandomPool random_;
  AccessLog log_;
  TimeLimit time_limit_;
  ExchangePool exchanges_;
  Needs needs_;
  SwaggerDocuments swagger_;
  const std::string full_message_;
  std::size_t admitted_ = 0;  // <= options_.concurrent_max
  std::vector<Exchange*> ran_;
  std::vector<Exchange*> answering_;  // empty but in answer()
  bool warned_of_legacy_id_ = false;
  bool ended_ = false;
  std::function<void()> when_stuck_;
  std::atomic<Phase> phase_{Phase::starting};
};

}  // namespace tidegate::scoring
