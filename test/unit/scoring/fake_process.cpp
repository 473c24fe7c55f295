#include "fake_process.h"

#include <algorithm>
#include <future>

#include "base/check.h"
#include "http/listen.h"

namespace tidegate::scoring {

FakeProcess::FakeProcess(const std::string& path)
    : address_(*http::Address::parse("unix:" + path)) {
  http::ServerOptions options;
  options.error_reply = [](int status, std::string_view) { return http::Reply{.status = status}; };
  server_.emplace(loop_, *this, std::move(options));
  auto fd = http::listen_on(address_, {});
  TIDEGATE_CHECK(fd.has_value());
  TIDEGATE_CHECK(server_->add_listener(std::move(*fd)).has_value());
  thread_ = std::thread([this] { loop_.run(); });
}

void FakeProcess::on_request(http::ServerCall& call) {
  std::string text(call.head().method);
  text.append(" ").append(call.head().target).append("\r\n");
  for (const auto& header : call.head().headers) {
    text.append(header.name).append(": ").append(header.value).append("\r\n");
  }
  text.append("\r\n");
  call.on_gone([this, gone = &call] {
    std::lock_guard hold_mutex(mutex_);
    std::erase_if(held_, [gone](const Held& held) { return held.call == gone; });
  });
  call.read_body({}, [this, &call, text](Result<http::Body> body) mutable {
    if (!body) return;
    text += *body->read_all();
    hold(call, std::move(text));
  });
}

void FakeProcess::hold(http::ServerCall& call, std::string text) {
  std::optional<http::Reply> reply;
  {
    std::lock_guard hold_mutex(mutex_);
    reply = answer_all_;
    if (!reply) held_.push_back({&call, std::move(text)});
    held_most_ = std::max(held_most_, held_.size());
    changed_.notify_all();
  }
  if (reply) call.reply(std::move(*reply));
}

std::string FakeProcess::next_request() {
  std::unique_lock hold_mutex(mutex_);
  TIDEGATE_CHECK(changed_.wait_for(hold_mutex, kPatience, [this] { return !held_.empty(); }));
  return held_.front().text;
}

void FakeProcess::wait_until_it_holds(std::size_t count) {
  std::unique_lock hold_mutex(mutex_);
  TIDEGATE_CHECK(changed_.wait_for(hold_mutex, kPatience, [&] { return held_.size() >= count; }));
}

bool FakeProcess::holds_none() {
  std::lock_guard hold_mutex(mutex_);
  return held_.empty();
}

std::size_t FakeProcess::held_most() {
  std::lock_guard hold_mutex(mutex_);
  return held_most_;
}

void FakeProcess::run(std::function<void()> task) {
  std::promise<void> done;
  loop_.post([&] {
    task();
    done.set_value();
  });
  done.get_future().wait();
}

void FakeProcess::answer(http::Reply reply) {
  next_request();
  run([&] {
    http::ServerCall* call = nullptr;
    {
      std::lock_guard hold_mutex(mutex_);
      call = held_.front().call;
      held_.pop_front();
    }
    call->reply(std::move(reply));
  });
}

void FakeProcess::begin(std::string piece) {
  next_request();
  run([&] {
    http::ServerCall* call = held_.front().call;
    call->begin_reply(http::Reply{.status = 200}, std::nullopt);
    call->write(piece);
  });
}

void FakeProcess::end() {
  run([&] {
    http::ServerCall* call = held_.front().call;
    {
      std::lock_guard hold_mutex(mutex_);
      held_.pop_front();
    }
    call->end_reply();
  });
}

void FakeProcess::answer_all(http::Reply reply) {
  std::lock_guard hold_mutex(mutex_);
  answer_all_ = std::move(reply);
}

void FakeProcess::kill() {
  if (!thread_.joinable()) return;
  loop_.post([this] {
    server_.reset();
    loop_.stop();
  });
  thread_.join();
}

}  // namespace tidegate::scoring
