#pragma once

#include <functional>
#include <memory>
#include <vector>

#include "base/clock.h"
#include "base/random.h"
#include "http/address.h"
#include "scoring/front.h"
#include "scoring/hand_over.h"
#include "scoring/worker.h"

namespace tidegate::scoring {

// The process ended because run() hung in code that cannot be interrupted.
inline constexpr int kStuckExitCode = 124;

struct ServerOptions {
  std::vector<http::Address> addresses;
  FrontOptions front;
  Milliseconds flush_timeout{5'000};  // stop(): how long replies may take to reach their clients
  // The main thread is away for one to two of these before the helper serves the sockets.
  Milliseconds tick{5};
  // After a stuck job, once the replies have been written. Should end the process.
  std::function<void()> on_stuck;
};

// What the main thread does besides serving sockets. All calls come from serve(), and the loop
// belongs to nobody meanwhile: they may take as long as they like.
class MainThread {
 public:
  virtual ~MainThread() = default;
  // Runs user code and fills job.outcome.
  virtual void run(Job& job) = 0;
  // After Server::wake() or a signal, or when the server has become idle. False: serve() returns.
  virtual bool attend() = 0;
};

// The scoring server without Python: an HTTP loop that the main thread runs while it is idle, and a
// helper thread while the main thread is busy (loop_keeper.h). So a request needs no hand-over, and
// probes, refusals and time limits are answered whatever user code does.
//   start() -> [init()] -> open() -> serve(), on the main thread -> stop()
class Server {
 public:
  // All references outlive the server.
  Server(ServerOptions options, Worker& worker, const Clock& clock, Random& random);
  ~Server();  // stop()

  // Binds and begins to answer, on the helper: GET / says 503 until open().
  Result<> start();
  // Where it really listens (port 0 becomes the port the kernel chose). After start().
  const std::vector<http::Address>& addresses() const;

  void open(Needs needs, SwaggerDocuments swagger);  // any thread
  // Serves until stop_admitting(), and until those that were admitted have been answered. Runs the
  // jobs of `own`, one after the other; nullptr: other threads run them. False: main_thread said
  // so.
  bool serve(MainThread& main_thread, HandOver* own);

  void stop_admitting();     // any thread, also a signal handler
  bool is_stopping() const;  // any thread
  // serve() looks up: for stop_admitting(), for main_thread.attend(). After start(). Any thread,
  // also a signal handler.
  void wake();
  int wake_fd() const;  // a byte written to it is a wake(), too; non-blocking
  // stop_admitting(), then Worker::end() once no job can come any more. Any thread.
  void end();
  void finish(Job& job);  // any thread
  // The thread that runs `job`: from now on job.stream takes pieces of the reply's body, and
  // finish() is its end. The rest of job.outcome is there.
  void begin_stream(Job& job);
  // Waits until the replies given so far have been written. All jobs have been finished before. Not
  // while another thread is in serve().
  void stop();
  // For a forked child: lets the sockets go without touching the parent's.
  void close_listeners_after_fork();
  // How often the helper has taken the sockets over. Any thread.
  std::uint64_t take_overs() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace tidegate::scoring
