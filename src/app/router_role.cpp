#include <cstdio>
#include <thread>

#include <fmt/format.h>

#include "app/data_dir.h"
#include "app/flags.h"
#include "app/roles.h"
#include "app/stop_signals.h"
#include "app/supervisor.h"
#include "base/log_file.h"
#include "http/listen.h"
#include "os/real_clock.h"
#include "os/real_random.h"
#include "router/router.h"

namespace tidegate::app {
namespace {

// Either the supervisor's descriptors or, started by hand, an address of its own.
Result<std::vector<os::UniqueFd>> listeners_of(const Flags& flags, unsigned cores) {
  if (flags.text("--listen").empty()) return flags.descriptors("--listen-fds");
  std::vector<os::UniqueFd> fds;
  TIDEGATE_TRY(auto address, http::parse_host_port(flags.text("--listen"), "--listen"));
  for (unsigned core = 0; core < cores; ++core) {
    TIDEGATE_TRY(auto fd, http::listen_on(address, {.reuse_port = true}));
    fds.push_back(std::move(fd));
  }
  return fds;
}

Result<> run_router(const std::vector<std::string>& arguments) {
  TIDEGATE_TRY(Flags flags, Flags::parse(arguments, {"--data", "--listen", "--listen-fds"}));
  TIDEGATE_TRY(std::string folder, flags.required("--data"));
  DataDir data{folder};
  for (const os::Path& path : {data.run(), data.logs(), data.spill()}) {
    TIDEGATE_TRY_VOID(os::make_directories(path, 0700));
  }
  unsigned cores = std::max(1U, std::thread::hardware_concurrency());
  TIDEGATE_TRY(auto listeners, listeners_of(flags, cores));
  TIDEGATE_TRY_VOID(log_to_file({.path = data.logs() / "router.log"}));

  os::RealClock clock;
  os::RealRandom random;
  router::Router router({.table_path = data.table(),
                         .link_path = data.link_socket(),
                         .access_log = data.logs() / "access.log",
                         .spill_folder = data.spill(),
                         .cores = cores},
                        clock, random, std::move(listeners));
  StopSignals signals([&router] { router.stop(); });
  return router.run();
}

}  // namespace

int router_role(const std::vector<std::string>& arguments) {
  if (auto ran = run_router(arguments); !ran) {
    fmt::print(stderr, "ERROR: router: {}\n", ran.error().message);
    return kExitNotStartable;
  }
  return 0;
}

}  // namespace tidegate::app
