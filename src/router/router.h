#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/error.h"
#include "base/random.h"
#include "base/secret.h"
#include "os/fd.h"
#include "os/file.h"
#include "table/table.h"

namespace tidegate::router {

struct RouterOptions {
  // Read at start, so that the router works while control is down. Empty: the table comes by
  // set_table() alone.
  os::Path table_path;
  os::Path link_path;      // unix socket of control; empty: none
  os::Path access_log;     // empty: see access_log_fd
  int access_log_fd = -1;  // not owned, never rotated, used if access_log is empty; -1: none
  os::Path spill_folder;   // for large request bodies
  unsigned cores = 1;
  std::uint64_t body_max_bytes = 100UL << 20;
  std::uint32_t waiting_max = 10'000;  // requests in the queue of one version; more: 503 queue_full
  // Between stop() and its effect, the router serves but says at /readyz that it will leave.
  Milliseconds drain_delay{0};
  Milliseconds drain_timeout{30'000};
  Secret link_token = {};  // opens table::kRouterPage; empty: there is no such page
  // How a replica ended, by its exit record; nullopt: not known yet. Called on the caller's thread.
  // Empty: records are files.
  std::function<std::optional<std::string>(const std::string& exit_record)> exit_text = {};
  // How long a request whose replica went away waits for that.
  Milliseconds exit_wait{300};
};

// The data plane: one thread per core, and the caller's thread for the link to control, the access
// log and the fleet.
class Router {
 public:
  // listeners: non-blocking; one per core (SO_REUSEPORT) is best, more or fewer are dealt out.
  // clock and random outlive the router and are safe from any thread.
  Router(RouterOptions options, const Clock& clock, Random& random,
         std::vector<os::UniqueFd> listeners);
  ~Router();

  // Blocks until stop(). An error: it could not begin. A damaged table is none: until control sends
  // one, services are answered with 503 no_table. Call once.
  Result<> run();
  // Every core will decide by it. A table older than the newest is ignored; one of the same version
  // is taken, because its replicas may be others (table/with_pods.h). Any thread, also before
  // run().
  void set_table(table::Table table);
  // After drain_delay stops accepting, lets what is in flight end (at most drain_timeout), then
  // run() returns. Any thread, also before run(); not from a signal handler.
  void stop();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace tidegate::router
