#pragma once

#include <condition_variable>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "http/server.h"
#include "support/temp_dir.h"
#include "unit/http/support.h"

namespace tidegate::router {

struct SeenRequest {
  std::uint64_t number = 0;  // from 0, in order of arrival
  std::string method;
  std::string target;
  std::vector<std::pair<std::string, std::string>> headers;
  std::string body;

  std::string header(std::string_view name) const;  // empty if it is not there
};

// A replica on a unix socket, scripted by a test: it answers by a function, or holds what it gets
// until the test answers. It counts what is in flight, as run() would.
class FakeReplica {
 public:
  using Answer = std::function<http::Reply(const SeenRequest&)>;

  explicit FakeReplica(std::string id);
  ~FakeReplica();

  // From now on; without one, requests are held.
  void answer_by(Answer answer, Milliseconds after = Milliseconds(0));
  // The same, without reading the body.
  void answer_unread_by(Answer answer);
  void hold();

  // Waits for the request of that number; nullopt: it did not come in time.
  std::optional<SeenRequest> wait_for(std::uint64_t number);
  void answer(std::uint64_t number, http::Reply reply);
  void break_off(std::uint64_t number);  // closes its connection
  // A reply in pieces.
  void begin_reply(std::uint64_t number, std::optional<std::uint64_t> length);
  void write(std::uint64_t number, std::string bytes);
  void end_reply(std::uint64_t number);
  // As if killed: nobody listens any more, all connections are closed.
  void die();
  void come_back();

  const std::string& id() const { return id_; }
  std::string address() const { return "unix:" + socket_.string(); }
  std::uint64_t seen() const;
  std::uint64_t most_in_flight() const;
  std::size_t connections();
  bool connections_become(std::size_t count);  // waits for it

 private:
  class Handler;

  const std::string id_;
  test::TempDir folder_;
  const os::Path socket_;
  std::unique_ptr<Handler> handler_;
  http::LoopThread thread_;
  std::unique_ptr<http::Server> server_;
};

http::Reply ok(std::string body);
http::Reply not_started();

}  // namespace tidegate::router
