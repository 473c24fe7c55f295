#include <charconv>
#include <cstdio>
#include <cstdlib>
#include <optional>

#include <fmt/format.h>

#include "app/cluster_parts.h"
#include "app/data_dir.h"
#include "app/flags.h"
#include "app/program_paths.h"
#include "app/roles.h"
#include "app/stop_signals.h"
#include "app/supervisor.h"
#include "app/version.h"
#include "backend/local/process_backend.h"
#include "base/log_file.h"
#include "control/cluster_access.h"
#include "control/control.h"
#include "fetch/curl_client.h"
#include "os/file_lock.h"
#include "os/process.h"
#include "os/real_clock.h"
#include "os/real_random.h"

namespace tidegate::app {
namespace {

// At most one control per data folder; a killed one leaves the lock free at once.
Result<os::FileLock> take_lock(const DataDir& data) {
  TIDEGATE_TRY(auto lock, os::FileLock::try_take(data.control_lock()));
  if (lock) return std::move(*lock);
  return fail(Code::conflict, fmt::format("another control works on {}", data.root.string()));
}

// nullopt: the variable is not set.
Result<std::optional<long>> number_from(const char* variable, std::string_view of_what) {
  const char* text = std::getenv(variable);
  if (text == nullptr) return std::nullopt;
  long number = 0;
  std::string_view digits(text);
  auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), number);
  if (error != std::errc() || end != digits.data() + digits.size() || number <= 0) {
    return fail(Code::invalid,
                fmt::format("{} must be a number of {}, is \"{}\"", variable, of_what, text));
  }
  return std::optional(number);
}

// Tests do not want to wait as long as people do.
Result<Milliseconds> limit_from(const char* variable, Milliseconds otherwise) {
  TIDEGATE_TRY(auto number, number_from(variable, "milliseconds"));
  return number ? Milliseconds(*number) : otherwise;
}

Result<std::uint64_t> images_limit(std::uint64_t otherwise) {
  TIDEGATE_TRY(auto number, number_from("TIDEGATE_IMAGES_MAX_GB", "GB"));
  return number ? static_cast<std::uint64_t>(*number) << 30 : otherwise;
}

// Comes back only with an error.
Result<> run_control(const std::vector<std::string>& arguments) {
  TIDEGATE_TRY(Flags flags, Flags::parse(arguments, {"--data", "--api-fds", "--link-fd",
                                                     "--scoring-base", "--api-address"}));
  TIDEGATE_TRY(std::string folder, flags.required("--data"));
  DataDir data{folder};
  TIDEGATE_TRY(os::FileLock lock, take_lock(data));
  TIDEGATE_TRY_VOID(os::make_directories(data.logs(), 0700));
  TIDEGATE_TRY_VOID(log_to_file({.path = data.logs() / "control.log"}));
  TIDEGATE_TRY(ProgramPaths paths, find_program_paths());
  TIDEGATE_TRY(auto api, flags.descriptors("--api-fds"));
  TIDEGATE_TRY(auto link, flags.descriptors("--link-fd"));
  if (link.size() != 1) return fail(Code::invalid, "--link-fd must name one descriptor");

  os::RealClock clock;
  os::RealRandom random;
  os::RealCommandRunner runner;
  backend::local::ProcessBackend machine(
      {.data_dir = data.root, .tidegate_binary = paths.binary, .server_path = paths.server}, clock,
      random, runner);
  fetch::CurlClient http;
  control::ControlOptions options{.data_dir = data.root,
                                  .scoring_base = flags.text("--scoring-base"),
                                  .api_address = flags.text("--api-address"),
                                  .version = kVersion,
                                  .uv = paths.uv};
  TIDEGATE_TRY(options.schedule_limit,
               limit_from("TIDEGATE_SCHEDULE_LIMIT_MS", options.schedule_limit));
  TIDEGATE_TRY(options.pull_limit, limit_from("TIDEGATE_PULL_LIMIT_MS", options.pull_limit));
  TIDEGATE_TRY(options.images_max_bytes, images_limit(options.images_max_bytes));
  auto cluster_access = control::make_cluster_access(http);
  options.clusters = cluster_access.get();
  control::Control control(
      std::move(options), clock, random, runner, machine, std::move(api), std::move(link[0]),
      real_clusters(
          {.data_dir = data.root, .uv = paths.uv, .clock = clock, .runner = runner, .http = http}));
  StopSignals signals([&control] { control.stop(/*stop_replicas=*/true); });
  TIDEGATE_TRY_VOID(control.run());
  // Destroying control would wait for an environment that is still being built. Everything worth
  // keeping is in the store, which survives a kill -9, so it survives this too; the build dies with
  // us.
  std::_Exit(0);
}

}  // namespace

int control_role(const std::vector<std::string>& arguments) {
  Result<> ran = run_control(arguments);
  fmt::print(stderr, "ERROR: control: {}\n", ran.error().message);
  return kExitNotStartable;
}

}  // namespace tidegate::app
