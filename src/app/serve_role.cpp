// `tidegate serve`: everything on this machine with one command.
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <thread>

#include <fmt/format.h>

#include "app/data_dir.h"
#include "app/flags.h"
#include "app/listeners.h"
#include "app/program_paths.h"
#include "app/roles.h"
#include "app/supervisor.h"
#include "backend/local/sandbox.h"
#include "cli/cli.h"
#include "os/file_lock.h"
#include "os/real_clock.h"

namespace tidegate::app {
namespace {

constexpr int kFirstChildFd = 10;
constexpr Milliseconds kRouterDrainLimit{35'000};  // a little longer than the router's own
constexpr Milliseconds kControlStopLimit{60'000};

Result<os::FileLock> take_data_folder(const DataDir& data) {
  TIDEGATE_TRY_VOID(os::make_directories(data.root, 0700));
  TIDEGATE_TRY_VOID(os::make_directories(data.run(), 0700));
  TIDEGATE_TRY(auto lock, os::FileLock::try_take(data.serve_lock()));
  if (!lock) {
    return fail(
        Code::conflict,
        fmt::format("another `tidegate serve` uses {}; stop it, or choose another folder with "
                    "--data DIR",
                    data.root.string()));
  }
  return std::move(*lock);
}

Result<ListenRequest> listen_request(const cli::ServeFlags& flags) {
  ListenRequest request;
  TIDEGATE_TRY(request.scoring, http::parse_host_port(flags.listen, "--listen"));
  request.want_api_tcp = !flags.api.empty();
  if (request.want_api_tcp) {
    TIDEGATE_TRY(request.api_tcp, http::parse_host_port(flags.api, "--api"));
  }
  request.cores = std::max(1U, std::thread::hardware_concurrency());
  return request;
}

std::string url_of(const http::Address& address) {
  return "http://" + address.text().substr(std::string_view("tcp:").size());
}

std::vector<std::pair<int, int>> numbered(const std::vector<os::UniqueFd>& fds, int first) {
  std::vector<std::pair<int, int>> pairs;
  for (const os::UniqueFd& fd : fds) pairs.emplace_back(fd.get(), first++);
  return pairs;
}

ChildSpec router_child(const ProgramPaths& paths, const DataDir& data, const Listeners& listeners) {
  return {.role = "router",
          .command = {.argv = {paths.binary, "router", "--data", data.root, "--listen-fds",
                               number_list(kFirstChildFd, listeners.scoring.size())},
                      .env = {},
                      .cwd = {}},
          .fds = numbered(listeners.scoring, kFirstChildFd),
          .death_signal = SIGTERM,  // nobody will start it again: finish what is in flight
          .stop_limit = kRouterDrainLimit};
}

ChildSpec control_child(const ProgramPaths& paths, const DataDir& data,
                        const Listeners& listeners) {
  int link_fd = kFirstChildFd + static_cast<int>(listeners.api.size());
  ChildSpec child{.role = "control",
                  .command = {.argv = {paths.binary, "control", "--data", data.root, "--api-fds",
                                       number_list(kFirstChildFd, listeners.api.size()),
                                       "--link-fd", number_list(link_fd, 1), "--scoring-base",
                                       url_of(listeners.scoring_address)},
                              .env = {},
                              .cwd = {}},
                  .fds = numbered(listeners.api, kFirstChildFd),
                  .death_signal = SIGKILL,  // replicas live on; SIGTERM would stop them
                  .stop_limit = kControlStopLimit};
  child.fds.emplace_back(listeners.link.get(), link_fd);
  if (listeners.api.size() > 1) {
    child.command.argv.insert(child.command.argv.end(),
                              {"--api-address", url_of(listeners.api_tcp_address)});
  }
  return child;
}

void print_welcome(const DataDir& data, const Listeners& listeners) {
  os::RealCommandRunner runner;
  auto isolation = backend::local::try_isolation(data.root, data.run() / "isolation", runner);
  fmt::print("tidegate serves\n  scoring    {}/api/v1/service/<name>/score\n  data       {}\n",
             url_of(listeners.scoring_address), data.root.string());
  if (listeners.api.size() > 1) {
    fmt::print("  api        {} (plain HTTP; token in {}/api.token)\n",
               url_of(listeners.api_tcp_address), data.root.string());
  }
  fmt::print("  isolation  {}\n  logs       {}\n  stop with Ctrl-C or `kill {}`\n", isolation.text,
             data.logs().string(), ::getpid());
  std::fflush(stdout);
}

Result<> serve(const cli::ServeFlags& flags) {
  TIDEGATE_TRY(ProgramPaths paths, find_program_paths());
  TIDEGATE_TRY(ListenRequest request, listen_request(flags));
  DataDir data{flags.data};
  TIDEGATE_TRY(os::FileLock lock, take_data_folder(data));
  TIDEGATE_TRY(Listeners listeners, open_listeners(data, request));
  print_welcome(data, listeners);
  os::RealClock clock;
  Supervisor supervisor(
      {router_child(paths, data, listeners), control_child(paths, data, listeners)}, clock,
      [&listeners] { listeners.scoring.clear(); });
  return supervisor.run();
}

}  // namespace

int serve_role(const std::vector<std::string>& arguments) {
  auto flags = cli::parse_serve_flags(arguments);
  if (flags && !*flags) return 0;  // --help
  Result<> served = flags ? serve(**flags) : std::unexpected(flags.error());
  if (!served) {
    fmt::print(stderr, "ERROR: serve: {}\n", served.error().message);
    return exit_code(served.error().code);
  }
  return 0;
}

}  // namespace tidegate::app
