#include "unit/router/fake_control.h"

#include <algorithm>

#include <gtest/gtest.h>

namespace tidegate::router {
namespace {

constexpr std::chrono::seconds kPatience{5};

}  // namespace

FakeControl::FakeControl(os::Path socket) : socket_(std::move(socket)) {
  start();
}

FakeControl::~FakeControl() {
  stop();
}

void FakeControl::start() {
  thread_.run([this] {
    server_.reset(new http::StreamServer(thread_.loop, *this, {}));
    const auto address = http::Address::parse("unix:" + socket_.string()).value();
    EXPECT_TRUE(server_->add_listener(std::move(http::listen_on(address, {}).value())).has_value());
  });
}

void FakeControl::stop() {
  thread_.run([this] {
    server_.reset();
    router_ = 0;
  });
}

void FakeControl::push(const table::Table& table) {
  push_bytes(table::frame(table::FromControl(table)));
}

void FakeControl::push_bytes(std::string bytes) {
  thread_.run([this, &bytes] { server_->write(router_, bytes); });
}

void FakeControl::on_open(http::StreamId id) {
  router_ = id;
  unframer_ = {};
}

void FakeControl::on_bytes(http::StreamId, std::string_view bytes) {
  unframer_.feed(bytes);
  table::FromRouter message;
  while (unframer_.next(message).value()) {
    std::lock_guard hold(mutex_);
    messages_.push_back(std::move(message));
  }
  changed_.notify_all();
}

void FakeControl::on_closed(http::StreamId) {
  router_ = 0;
}

FakeControl::Messages FakeControl::messages() const {
  std::lock_guard hold(mutex_);
  return messages_;
}

bool FakeControl::wait_until(const std::function<bool(const Messages&)>& met) {
  std::unique_lock hold(mutex_);
  return changed_.wait_for(hold, kPatience, [this, &met] { return met(messages_); });
}

bool FakeControl::wait_for_hello(std::size_t count) {
  return wait_until([count](const Messages& messages) {
    return static_cast<std::size_t>(std::count_if(
               messages.begin(), messages.end(), [](const table::FromRouter& message) {
                 return std::holds_alternative<table::Hello>(message);
               })) >= count;
  });
}

bool FakeControl::wait_for_applied(std::uint64_t version) {
  return wait_until([version](const Messages& messages) {
    return std::any_of(messages.begin(), messages.end(), [version](const auto& message) {
      const auto* applied = std::get_if<table::Applied>(&message);
      return applied != nullptr && applied->table_version == version;
    });
  });
}

bool FakeControl::wait_for_drained(const std::string& replica) {
  return wait_until(
      [&replica](const Messages& messages) { return has_drained(messages, replica); });
}

bool has_drained(const FakeControl::Messages& messages, const std::string& replica) {
  return std::any_of(messages.begin(), messages.end(), [&replica](const auto& message) {
    const auto* drained = std::get_if<table::Drained>(&message);
    return drained != nullptr && std::find(drained->replica_ids.begin(), drained->replica_ids.end(),
                                           replica) != drained->replica_ids.end();
  });
}

}  // namespace tidegate::router
