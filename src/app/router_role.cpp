#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <thread>

#include <fmt/format.h>

#include "app/cluster_feed.h"
#include "app/data_dir.h"
#include "app/flags.h"
#include "app/pod_ends.h"
#include "app/roles.h"
#include "app/stop_signals.h"
#include "app/supervisor.h"
#include "base/log_file.h"
#include "fetch/curl_client.h"
#include "http/listen.h"
#include "kube/client.h"
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

// The kubelet looks for ended containers once a second, then tells the API server, which tells us.
constexpr Milliseconds kPodExitWait{3'000};

constexpr const char* kServiceAccount = "/var/run/secrets/kubernetes.io/serviceaccount";

// Taken, not only read: what runs here later has no business with it.
std::string take_variable(const char* name) {
  const char* value = std::getenv(name);
  std::string taken = value == nullptr ? "" : value;
  ::unsetenv(name);
  return taken;
}

// Under a supervisor, or by hand: the table comes over the link to control.
Result<> run_beside_control(const Flags& flags, const DataDir& data) {
  const unsigned cores = std::max(1U, std::thread::hardware_concurrency());
  TIDEGATE_TRY(auto listeners, listeners_of(flags, cores));
  TIDEGATE_TRY_VOID(log_to_file({.path = data.logs() / "router.log"}));
  TIDEGATE_TRY(auto drain_delay_ms, flags.number("--drain-delay-ms", 0));

  os::RealClock clock;
  os::RealRandom random;
  router::Router router({.table_path = data.table(),
                         .link_path = data.link_socket(),
                         .access_log = data.logs() / "access.log",
                         .spill_folder = data.spill(),
                         .cores = cores,
                         .drain_delay = Milliseconds(drain_delay_ms)},
                        clock, random, std::move(listeners));
  StopSignals signals([&router] { router.stop(); });
  return router.run();
}

// In a pod: the table comes from the API server, the log goes to standard error and access lines to
// standard output, where the cluster collects them.
Result<> run_in_cluster(const Flags& flags, const DataDir& data) {
  const unsigned cores = std::max(1U, std::thread::hardware_concurrency());
  TIDEGATE_TRY(auto listeners, listeners_of(flags, cores));
  TIDEGATE_TRY_VOID(log_to_file({}));
  TIDEGATE_TRY(auto drain_delay_ms, flags.number("--drain-delay-ms", 3'000));
  const std::string& mount = flags.text("--service-account");
  TIDEGATE_TRY(kube::Config config,
               kube::in_cluster_config(mount.empty() ? kServiceAccount : mount));
  std::string namespace_ = take_variable("TIDEGATE_NAMESPACE");
  if (namespace_.empty()) namespace_ = config.namespace_;
  const Secret link_token(take_variable("TIDEGATE_LINK_TOKEN"));
  std::signal(SIGPIPE, SIG_IGN);  // a reader of our output that goes must not end us

  os::RealClock clock;
  os::RealRandom random;
  PodEnds ends;
  router::Router router({.table_path = {},
                         .link_path = {},
                         .access_log = {},
                         .access_log_fd = STDOUT_FILENO,
                         .spill_folder = data.spill(),
                         .cores = cores,
                         .drain_delay = Milliseconds(drain_delay_ms),
                         .link_token = link_token,
                         .exit_text = [&ends](const std::string& run) { return ends.text_of(run); },
                         .exit_wait = kPodExitWait},
                        clock, random, std::move(listeners));
  StopSignals signals([&router] { router.stop(); });
  fetch::CurlClient http;
  const std::unique_ptr<kube::Client> client = kube::make_client(std::move(config), http);
  ClusterFeed feed({.namespace_ = std::move(namespace_),
                    .table_file = data.table(),
                    .pods_file = data.run() / "pods.json"},
                   *client, clock, ends,
                   [&router](table::Table table) { router.set_table(std::move(table)); });
  return router.run();
}

Result<> run_router(const std::vector<std::string>& arguments) {
  TIDEGATE_TRY(Flags flags, Flags::parse(arguments,
                                         {"--data", "--listen", "--listen-fds", "--drain-delay-ms",
                                          "--service-account"},
                                         {"--kubernetes"}));
  TIDEGATE_TRY(std::string folder, flags.required("--data"));
  const DataDir data{folder};
  for (const os::Path& path : {data.run(), data.logs(), data.spill()}) {
    TIDEGATE_TRY_VOID(os::make_directories(path, 0700));
  }
  return flags.has("--kubernetes") ? run_in_cluster(flags, data) : run_beside_control(flags, data);
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
