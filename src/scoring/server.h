#pragma once

#include <memory>
#include <vector>

#include "base/clock.h"
#include "base/random.h"
#include "http/address.h"
#include "scoring/front.h"
#include "scoring/worker.h"

namespace tidegate::scoring {

struct ServerOptions {
  std::vector<http::Address> addresses;
  FrontOptions front;
  Milliseconds flush_timeout{5'000};  // stop(): how long replies may take to reach their clients
};

// The scoring server without Python: an HTTP loop on a thread of its own, which never runs user
// code, and so answers probes, refuses and times out whatever the worker does.
//   start() -> [init()] -> open() -> worker gets jobs, finish() each -> stop_admitting() -> stop()
class Server {
 public:
  // All references outlive the server.
  Server(ServerOptions options, Worker& worker, const Clock& clock, Random& random);
  ~Server();  // stop()

  // Binds and begins to answer: GET / says 503 until open().
  Result<> start();
  // Where it really listens (port 0 becomes the port the kernel chose). After start().
  const std::vector<http::Address>& addresses() const;

  void open(Needs needs, SwaggerDocuments swagger);  // any thread
  void stop_admitting();                             // any thread, also a signal handler
  bool is_stopping() const;                          // any thread
  // stop_admitting(), then Worker::end() once no job can come any more. Any thread.
  void end();
  void finish(Job& job);  // any thread
  // Waits until the replies given so far have been written. All jobs have been finished before.
  void stop();
  // For a forked child: lets the sockets go without touching the parent's.
  void close_listeners_after_fork();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace tidegate::scoring
