#pragma once

#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <vector>

#include "http/stream.h"
#include "table/message.h"
#include "unit/http/support.h"

namespace tidegate::router {

// Control's end of the link: pushes tables, remembers what routers say.
class FakeControl final : private http::StreamHandler {
 public:
  explicit FakeControl(os::Path socket);
  ~FakeControl() override;

  void push(const table::Table& table);
  void push_bytes(std::string bytes);
  // As if killed, and as if started again. What was heard is kept.
  void stop();
  void start();

  // What routers have said so far. wait_until: true once `met` is; false after some seconds.
  using Messages = std::vector<table::FromRouter>;
  Messages messages() const;
  bool wait_until(const std::function<bool(const Messages&)>& met);
  bool wait_for_hello(std::size_t count);
  bool wait_for_applied(std::uint64_t version);
  bool wait_for_drained(const std::string& replica);

 private:
  void on_open(http::StreamId id) override;
  void on_bytes(http::StreamId id, std::string_view bytes) override;
  void on_closed(http::StreamId id) override;

  const os::Path socket_;
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  Messages messages_;

  http::StreamId router_ = 0;  // 0: none
  table::Unframer<table::FromRouter> unframer_;
  http::LoopThread thread_;
  std::unique_ptr<http::StreamServer> server_;
};

bool has_drained(const FakeControl::Messages& messages, const std::string& replica);

}  // namespace tidegate::router
