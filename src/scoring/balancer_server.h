#pragma once

#include <memory>
#include <vector>

#include "http/address.h"
#include "scoring/balancer.h"

namespace tidegate::scoring {

struct BalancerServerOptions {
  std::vector<http::Address> addresses;
  BalancerOptions balancer;
  Milliseconds flush_timeout{5'000};  // stop(): how long replies may take to reach their clients
};

// The balancer on a thread of its own, with the service's sockets.
//   start() -> add(), retire(), ended() ... -> stop_admitting() -> event `drained` -> stop()
class BalancerServer {
 public:
  // All references outlive the server.
  BalancerServer(BalancerServerOptions options, const Clock& clock, Random& random);
  ~BalancerServer();  // stop()

  Result<> start();
  // After start(), with the ports that the kernel chose.
  const std::vector<http::Address>& addresses() const;

  // Any thread.
  void add(WorkerProcess process);
  void retire(int number);
  void ended(int number, std::string cause);
  void stop_admitting();
  // Readable while take_events() has something.
  int event_fd() const;
  std::vector<BalancerEvent> take_events();

  // Waits until the replies given so far have been written.
  void stop();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace tidegate::scoring
