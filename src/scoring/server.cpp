#include "scoring/server.h"

#include <unistd.h>

#include <atomic>
#include <optional>
#include <utility>

#include "http/server.h"
#include "http/waker.h"
#include "scoring/listening.h"
#include "scoring/loop_keeper.h"

namespace tidegate::scoring {
namespace {

// While jobs wait, the sockets are looked at this often.
constexpr Milliseconds kPollEvery{1};
constexpr int kPolledAtOnce = 64;

// Replies of short jobs that follow each other go out together, but not later than this: what a
// caller may lose is little against its place in the queue, and what is won is a wake-up for each.
constexpr std::chrono::microseconds kTogether{250};

}  // namespace

struct Server::Impl {
  Impl(ServerOptions given, Worker& worker, const Clock& real_clock, Random& random)
      : options(std::move(given)),
        clock(real_clock),
        front(loop, worker, options.front, clock, random),
        waker(loop),
        keeper(loop, options.tick,
               {.on_taken = [this] { front.answer(); }, .on_quiet = [this] { become_idle(); }}) {}

  void run_own_job(MainThread& main_thread, HandOver& own, Job& job);
  bool attend(MainThread& main_thread);
  void poll_now_and_then();
  void answer_in_time();
  void become_idle();
  void begin_drain(const std::function<void()>& done);
  void end_stuck();

  const ServerOptions options;
  const Clock& clock;
  http::Loop loop;
  Front front;
  http::Waker waker;
  LoopKeeper keeper;
  Listening listening;
  std::optional<http::Server> server;
  std::optional<http::Timer> flush_timer;
  bool is_stuck = false;
  bool started = false;
  MonoTime polled_at;
  MonoTime together_since;  // the first job whose reply is owed has begun

  std::atomic<bool> woken{false};
  std::atomic<bool> ran{false};  // user code, since attend() was last called
};

Server::Server(ServerOptions options, Worker& worker, const Clock& clock, Random& random)
    : impl_(std::make_unique<Impl>(std::move(options), worker, clock, random)) {}

Server::~Server() {
  stop();
}

const std::vector<http::Address>& Server::addresses() const {
  return impl_->listening.addresses;
}

Result<> Server::start() {
  TIDEGATE_TRY(impl_->listening,
               listen_on_all(impl_->server, impl_->loop, impl_->front, impl_->options.addresses,
                             [front = &impl_->front](int status, std::string_view reason) {
                               return front->error_reply(status, reason);
                             }));
  TIDEGATE_TRY_VOID(impl_->waker.start([impl = impl_.get()] { impl->woken = true; }));
  impl_->front.when_stuck([impl = impl_.get()] { impl->end_stuck(); });
  impl_->keeper.start();
  impl_->started = true;
  return {};
}

void Server::open(Needs needs, SwaggerDocuments swagger) {
  impl_->loop.post([front = &impl_->front, needs, documents = std::move(swagger)]() mutable {
    front->open(needs, std::move(documents));
  });
}

bool Server::serve(MainThread& main_thread, HandOver* own) {
  Impl& impl = *impl_;
  impl.woken = true;  // what was asked of us before
  impl.keeper.take();
  bool goes_on = true;
  while (goes_on && !impl.front.has_ended()) {
    if (impl.woken.exchange(false)) {
      impl.front.answer();
      goes_on = impl.attend(main_thread);
      if (impl.front.is_stopping()) impl.front.end();
    } else if (Job* job = own != nullptr ? own->take() : nullptr) {
      impl.run_own_job(main_thread, *own, *job);
    } else if (impl.front.owes_replies()) {
      impl.loop.poll_one() ? impl.answer_in_time() : impl.front.answer();
    } else if (!impl.loop.run_one()) {
      return true;
    }
  }
  impl.front.answer();
  impl.keeper.give();
  return goes_on;
}

void Server::Impl::run_own_job(MainThread& main_thread, HandOver& own, Job& job) {
  if (!ran.load(std::memory_order_relaxed)) ran = true;
  if (!front.owes_replies()) together_since = clock.mono();
  keeper.give();
  main_thread.run(job);
  own.leave();
  keeper.take();
  front.has_run(job);
  answer_in_time();
  if (own.has_waiting()) poll_now_and_then();
}

void Server::Impl::answer_in_time() {
  if (clock.mono() - together_since >= kTogether) front.answer();
}

// Between jobs that wait, so that others are read and answered, too.
void Server::Impl::poll_now_and_then() {
  const MonoTime now = clock.mono();
  if (now - polled_at < kPollEvery) return;
  polled_at = now;
  for (int i = 0; i < kPolledAtOnce && loop.poll_one(); ++i) {
  }
}

bool Server::Impl::attend(MainThread& main_thread) {
  keeper.give();
  const bool goes_on = main_thread.attend();
  keeper.take();
  return goes_on;
}

// User code may have changed what wakes us.
void Server::Impl::become_idle() {
  if (ran.exchange(false)) waker.wake();
}

void Server::stop_admitting() {
  impl_->front.stop_admitting();
}

bool Server::is_stopping() const {
  return impl_->front.is_stopping();
}

void Server::wake() {
  impl_->waker.wake();
}

int Server::wake_fd() const {
  return impl_->waker.fd();
}

void Server::end() {
  impl_->loop.post([front = &impl_->front] { front->end(); });
}

void Server::finish(Job& job) {
  impl_->loop.post([front = &impl_->front, &job] { front->finish(job); });
}

void Server::begin_stream(Job& job) {
  auto pump = [impl = impl_.get(), &job, use = static_cast<Exchange&>(job).use] {
    impl->loop.post([front = &impl->front, &job, use] {
      // A stream may be over before the loop's thread has come to look for its first piece.
      if (static_cast<Exchange&>(job).use == use) front->pump(job);
    });
  };
  job.stream = std::make_unique<Stream>(pump);
  pump();
}

void Server::Impl::begin_drain(const std::function<void()>& done) {
  front.stop_admitting();
  flush_timer.emplace(loop);
  flush_timer->start(options.flush_timeout, done);
  server->drain(done);
}

void Server::Impl::end_stuck() {
  if (std::exchange(is_stuck, true)) return;
  woken = true;
  begin_drain([this] {
    if (options.on_stuck) options.on_stuck();
    loop.stop();
  });
}

void Server::stop() {
  Impl& impl = *impl_;
  if (!std::exchange(impl.started, false)) return;
  impl.keeper.take();
  if (!impl.is_stuck) impl.begin_drain([&impl] { impl.loop.stop(); });
  while (impl.loop.run_one()) {
  }
  impl.keeper.end();
}

void Server::close_listeners_after_fork() {
  for (int fd : impl_->listening.listeners) ::close(fd);
}

std::uint64_t Server::take_overs() const {
  return impl_->keeper.take_overs();
}

}  // namespace tidegate::scoring
