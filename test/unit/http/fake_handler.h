// A request handler that tests script, and a server around it.
#pragma once

#include <deque>
#include <functional>
#include <map>

#include "unit/http/support.h"

namespace tidegate::http {

// Calls the function a test gave it. Lives on the loop's thread.
class FakeHandler final : public RequestHandler {
 public:
  using Function = std::function<void(ServerCall& call)>;
  explicit FakeHandler(Function function) : function_(std::move(function)) {}
  void on_request(ServerCall& call) override { function_(call); }

 private:
  Function function_;
};

// A server on a loopback port (or a unix socket), on a thread of its own.
class TestServer {
 public:
  explicit TestServer(FakeHandler::Function function, ServerOptions options = {},
                      const char* address = "tcp:127.0.0.1:0");
  ~TestServer();

  RawSocket connect() const { return RawSocket::connect_to(address_); }
  const Address& address() const { return address_; }
  LoopThread& thread() { return thread_; }
  Server& server() { return *server_; }  // on the loop's thread
  std::size_t connections() {
    return thread_.run([this] { return server_->connections(); });
  }
  // Waits until there are this many.
  bool connections_become(std::size_t count);

 private:
  LoopThread thread_;
  FakeHandler handler_;
  std::unique_ptr<Server> server_;
  Address address_;
};

// Replies "METHOD target <body>".
void echo(ServerCall& call);

}  // namespace tidegate::http
