#include "cli/cli.h"

#include <stdlib.h>
#include <unistd.h>

#include <cstdio>

#include <fmt/format.h>

#include "cli/commands.h"
#include "cli/flag_parse.h"
#include "cli/help.h"
#include "cli/interrupt.h"
#include "domain/complaints.h"
#include "fetch/curl_client.h"
#include "os/real_clock.h"
#include "os/real_random.h"

namespace tidegate::cli {
namespace {

namespace fs = std::filesystem;

void write_all(std::FILE* stream, std::string_view text) {
  std::fwrite(text.data(), 1, text.size(), stream);
  std::fflush(stream);
}

bool has_variable(const char* name) {
  const char* value = ::getenv(name);
  return value != nullptr && value[0] != '\0';
}

Console real_console() {
  bool is_terminal = ::isatty(STDERR_FILENO) == 1;
  const char* term = ::getenv("TERM");
  bool is_dumb = term != nullptr && std::string_view(term) == "dumb";
  return Console([](std::string_view text) { write_all(stdout, text); },
                 [](std::string_view text) { write_all(stderr, text); },
                 {.is_terminal = is_terminal && !is_dumb,
                  .colour = is_terminal && !is_dumb && !has_variable("NO_COLOR")});
}

os::Path absolute_path(const os::Path& path) {
  std::error_code error;
  os::Path out = fs::absolute(path, error).lexically_normal();
  return out.has_filename() ? out : out.parent_path();
}

}  // namespace

const Command kServe = {
    .path = "serve",
    .purpose = "Starts the server: takes deployments, runs services, answers requests.",
    .usage = "[--data DIR] [--listen ADDR:PORT] [--api ADDR:PORT]",
    .example = "tidegate serve\ntidegate serve --data /srv/tidegate --listen 0.0.0.0:80",
    .make = nullptr};

os::Path data_folder(const std::string& flag) {
  if (!flag.empty()) return absolute_path(flag);
  if (has_variable("TIDEGATE_DATA")) return absolute_path(::getenv("TIDEGATE_DATA"));
  const char* home = ::getenv("HOME");
  return absolute_path(os::Path(home != nullptr && home[0] != '\0' ? home : "/") / ".tidegate");
}

Result<std::optional<ServeFlags>> parse_serve_flags(const std::vector<std::string>& arguments) {
  FlagSet flags;
  std::optional<std::string> data, listen, api;
  flags.text("--data", "DIR", "where everything is kept (default: TIDEGATE_DATA, else ~/.tidegate)",
             data);
  flags.text("--listen", "ADDR:PORT",
             fmt::format("where scoring requests are taken (default {})", kDefaultListen), listen);
  flags.text("--api", "ADDR:PORT", "offer the REST API over TCP too; it always asks for the token",
             api);
  Console console = real_console();
  std::vector<std::string> given(arguments.begin() + (arguments.empty() ? 0 : 1), arguments.end());
  if (wants_help(given)) {
    console.result(help_of(kServe, flags));
    return std::nullopt;
  }
  domain::Complaints complaints;
  parse_flags(flags, given, console, complaints);
  if (Result<> result = complaints.as_result(); !result) {
    return fail(Code::invalid,
                result.error().message + "\nhint: `tidegate serve --help` lists the flags");
  }
  return ServeFlags{.data = data_folder(data.value_or("")),
                    .listen = listen.value_or(std::string(kDefaultListen)),
                    .api = api.value_or("")};
}

int run(const std::vector<std::string>& arguments) {
  Console console = real_console();
  if (arguments.size() == 1 && arguments[0] == "--version") {
    console.result("tidegate " TIDEGATE_VERSION);
    return 0;
  }
  fetch::CurlClient http;
  os::RealClock clock;
  os::RealRandom random;
  SignalWaiter waiter;
  std::error_code error;
  Context context{.console = console,
                  .http = http,
                  .clock = clock,
                  .random = random,
                  .waiter = waiter,
                  .data = data_folder(""),
                  .folder = fs::current_path(error)};
  return run_command(arguments, context);
}

}  // namespace tidegate::cli
