#include "unit/router/fake_replica.h"

#include <chrono>
#include <deque>

#include <gtest/gtest.h>

namespace tidegate::router {
namespace {

constexpr std::chrono::seconds kPatience{5};

}  // namespace

std::string SeenRequest::header(std::string_view name) const {
  for (const auto& [known, value] : headers) {
    if (http::equal_names(known, name)) return value;
  }
  return "";
}

// Its maps are shared with the test's thread; calls are touched on the loop's thread alone.
class FakeReplica::Handler final : public http::RequestHandler {
 public:
  void on_request(http::ServerCall& call) override {
    SeenRequest request{.method = std::string(call.head().method),
                        .target = std::string(call.head().target)};
    for (const auto& [name, value] : call.head().headers) request.headers.emplace_back(name, value);
    call.on_gone([this, &call] { forget(&call); });
    if (leaves_bodies_unread()) return begin(call, std::move(request));
    call.read_body({},
                   [this, &call, request = std::move(request)](Result<http::Body> body) mutable {
                     request.body = body.value().read_all().value();
                     begin(call, std::move(request));
                   });
  }

  void begin(http::ServerCall& call, SeenRequest request) {
    Answer answer_now;
    Milliseconds delay;
    {
      std::lock_guard hold(mutex);
      request.number = seen.size();
      seen.push_back(request);
      calls[request.number] = &call;
      most_in_flight = std::max<std::uint64_t>(most_in_flight, calls.size());
      answer_now = answer;
      delay = after;
    }
    changed.notify_all();
    if (!answer_now) return;
    http::Reply reply = answer_now(request);
    if (delay == Milliseconds(0)) return finish(request.number, std::move(reply));
    timers.emplace_back(*loop).start(
        delay, [this, number = request.number, reply = std::move(reply)]() mutable {
          finish(number, std::move(reply));
        });
  }
  bool leaves_bodies_unread() const {
    std::lock_guard hold(mutex);
    return unread;
  }
  void finish(std::uint64_t number, http::Reply reply) {
    if (http::ServerCall* call = take(number)) call->reply(std::move(reply));
  }
  http::ServerCall* find(std::uint64_t number) {
    std::lock_guard hold(mutex);
    auto found = calls.find(number);
    return found == calls.end() ? nullptr : found->second;
  }
  http::ServerCall* take(std::uint64_t number) {
    http::ServerCall* call = find(number);
    std::lock_guard hold(mutex);
    calls.erase(number);
    return call;
  }
  void forget(const http::ServerCall* gone) {
    std::lock_guard hold(mutex);
    std::erase_if(calls, [gone](const auto& entry) { return entry.second == gone; });
  }

  mutable std::mutex mutex;
  std::condition_variable changed;
  Answer answer;
  Milliseconds after{0};
  bool unread = false;
  http::Loop* loop = nullptr;
  std::deque<http::Timer> timers;
  std::vector<SeenRequest> seen;
  std::map<std::uint64_t, http::ServerCall*> calls;  // in flight
  std::uint64_t most_in_flight = 0;
};

FakeReplica::FakeReplica(std::string id)
    : id_(std::move(id)), socket_(folder_ / "replica.sock"), handler_(new Handler) {
  handler_->loop = &thread_.loop;
  come_back();
}

FakeReplica::~FakeReplica() {
  thread_.run([this] {
    server_.reset();
    handler_->timers.clear();
  });
}

void FakeReplica::come_back() {
  thread_.run([this] {
    server_ = std::make_unique<http::Server>(thread_.loop, *handler_,
                                             http::ServerOptions{.idle_timeout = Milliseconds(0)});
    const auto here = http::Address::parse(address()).value();
    EXPECT_TRUE(server_->add_listener(std::move(http::listen_on(here, {}).value())).has_value());
  });
}

void FakeReplica::die() {
  thread_.run([this] { server_.reset(); });
}

void FakeReplica::answer_by(Answer answer, Milliseconds after) {
  std::lock_guard hold(handler_->mutex);
  handler_->answer = std::move(answer);
  handler_->after = after;
  handler_->unread = false;
}

void FakeReplica::answer_unread_by(Answer answer) {
  answer_by(std::move(answer));
  std::lock_guard hold(handler_->mutex);
  handler_->unread = true;
}

void FakeReplica::hold() {
  answer_by({});
}

std::optional<SeenRequest> FakeReplica::wait_for(std::uint64_t number) {
  std::unique_lock hold(handler_->mutex);
  const bool came = handler_->changed.wait_for(
      hold, kPatience, [this, number] { return handler_->seen.size() > number; });
  if (!came) return std::nullopt;
  return handler_->seen[number];
}

void FakeReplica::answer(std::uint64_t number, http::Reply reply) {
  thread_.run([this, number, &reply] { handler_->finish(number, std::move(reply)); });
}

void FakeReplica::break_off(std::uint64_t number) {
  thread_.run([this, number] {
    if (http::ServerCall* call = handler_->take(number)) call->abort();
  });
}

void FakeReplica::begin_reply(std::uint64_t number, std::optional<std::uint64_t> length) {
  thread_.run([this, number, length] {
    if (auto* call = handler_->find(number)) call->begin_reply(http::Reply{.status = 200}, length);
  });
}

void FakeReplica::write(std::uint64_t number, std::string bytes) {
  thread_.run([this, number, &bytes] {
    if (auto* call = handler_->find(number)) call->write(bytes);
  });
}

void FakeReplica::end_reply(std::uint64_t number) {
  thread_.run([this, number] {
    if (auto* call = handler_->take(number)) call->end_reply();
  });
}

std::uint64_t FakeReplica::seen() const {
  std::lock_guard hold(handler_->mutex);
  return handler_->seen.size();
}

std::uint64_t FakeReplica::most_in_flight() const {
  std::lock_guard hold(handler_->mutex);
  return handler_->most_in_flight;
}

std::size_t FakeReplica::connections() {
  return thread_.run([this] { return server_ ? server_->connections() : 0; });
}

bool FakeReplica::connections_become(std::size_t count) {
  const auto until = std::chrono::steady_clock::now() + kPatience;
  while (connections() != count) {
    if (std::chrono::steady_clock::now() > until) return false;
    std::this_thread::sleep_for(Milliseconds(2));
  }
  return true;
}

http::Reply ok(std::string body) {
  return {
      .status = 200, .headers = {{"Content-Type", "application/json"}}, .body = std::move(body)};
}

http::Reply not_started() {
  return {.status = 503, .headers = {{"x-tidegate-not-started", "1"}}, .body = "busy"};
}

}  // namespace tidegate::router
