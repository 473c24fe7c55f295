// `tidegate pull`: the init container of a service's pod. Its lines are what `kubectl logs` shows,
// its last error what the pod's status shows.
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <cstdio>
#include <cstdlib>

#include <fmt/format.h>

#include "app/flags.h"
#include "app/roles.h"
#include "fetch/curl_client.h"
#include "oci/artifact.h"
#include "oci/docker_config.h"

namespace tidegate::app {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kHelp =
    R"(tidegate pull - fetches a service's source and models from a registry

Usage: tidegate pull --registry HOST[:PORT][/PATH] --repository NAME --digest sha256:... --into DIR [flags]

It is run in the pods of a cluster, before the service's own container. Safe to run again.

  --registry HOST[:PORT][/PATH]  the registry; the path is put before the repository
  --repository NAME              where in the registry
  --digest sha256:...            which app: the digest of its manifest
  --into DIR                     the app's folder; made if need be
  --cache DIR                    keeps what was fetched, by digest; may be shared
  --cache-max-gb N               what it may hold; what was used last stays (default: 20)
  --plain-http                   the registry has no https
  --ca-file FILE                 certificates to trust (PEM), instead of the system's
  --user NAME                    login, with --password-file
  --password-file FILE           its first line is the password
  --docker-config FILE           login from a docker config.json, if it has one for this registry
  --server-from DIR              the scoring server of this image ...
  --server-into DIR              ... is copied here

Environment:
  TIDEGATE_TERMINATION_LOG       a file that the final error is written to as well

Exit code: 0 when everything is there, else 1.
)";

void say(std::string_view line) {
  fmt::print(stderr, "pull: {}\n", line);
}

Result<oci::RegistryOptions> registry_of(const Flags& flags, bool is_plain_http) {
  oci::RegistryOptions options{.is_plain_http = is_plain_http, .user = flags.text("--user")};
  TIDEGATE_TRY(options.address, flags.required("--registry"));
  if (const std::string& file = flags.text("--ca-file"); !file.empty()) {
    TIDEGATE_TRY(options.ca, os::read_file(file));
  }
  const std::string& password_file = flags.text("--password-file");
  if (options.user.empty() != password_file.empty())
    return fail(Code::invalid, "--user and --password-file go together; one of them is missing");
  if (!password_file.empty()) {
    TIDEGATE_TRY(std::string text, os::read_file(password_file));
    options.password = Secret(text.substr(0, text.find_first_of("\r\n")));
  }
  const std::string& config_file = flags.text("--docker-config");
  if (config_file.empty()) return options;
  if (!options.user.empty())
    return fail(Code::invalid, "--user and --docker-config are two logins; give one of them");
  TIDEGATE_TRY(std::string config, os::read_file(config_file));
  TIDEGATE_TRY(auto login, oci::login_for(options.address, config, config_file));
  if (login) {
    options.user = login->user;
    options.password = login->password;
  } else {
    say(fmt::format("{} has no login for {}; going on without one", config_file, options.address));
  }
  return options;
}

Result<> copy_entry(const fs::directory_entry& entry, const os::Path& target) {
  std::error_code error;
  if (entry.is_symlink(error) || entry.is_regular_file(error)) {
    // What an earlier run left may be read-only.
    if (::unlink(target.c_str()) != 0 && errno != ENOENT)
      return fail_errno(fmt::format("cannot replace {}", target.string()));
  }
  if (entry.is_symlink(error)) {
    fs::copy_symlink(entry.path(), target, error);
    if (error) return fail_errno(fmt::format("cannot create {}", target.string()), error.value());
    return {};
  }
  if (entry.is_directory(error)) return os::make_directories(target);
  if (entry.is_regular_file(error)) return os::copy_file(entry.path(), target);
  return fail(Code::invalid,
              fmt::format("{} is neither file, folder nor link", entry.path().string()));
}

// What is in `from` comes into `into`.
Result<> copy_folder(const os::Path& from, const os::Path& into) {
  TIDEGATE_TRY_VOID(os::make_directories(into));
  std::error_code error;
  for (fs::recursive_directory_iterator it(from, error), end; !error && it != end;
       it.increment(error)) {
    TIDEGATE_TRY_VOID(copy_entry(*it, into / it->path().lexically_relative(from)));
  }
  if (error)
    return fail_errno(fmt::format("cannot list the folder {}", from.string()), error.value());
  return {};
}

Result<std::uint64_t> cache_max_of(const Flags& flags) {
  const std::string& text = flags.text("--cache-max-gb");
  if (text.empty()) return oci::PullOptions{}.cache_max_bytes;
  std::uint64_t number = 0;
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  bool is_number = error == std::errc() && end == text.data() + text.size();
  if (is_number && number <= 1'000'000) return number << 30;
  return fail(Code::invalid,
              fmt::format("--cache-max-gb must be a whole number of GB, is \"{}\"", text));
}

Result<> pull(const std::vector<std::string>& arguments, bool is_plain_http) {
  TIDEGATE_TRY(
      Flags flags,
      Flags::parse(arguments, {"--registry", "--repository", "--digest", "--into", "--cache",
                               "--cache-max-gb", "--ca-file", "--user", "--password-file",
                               "--docker-config", "--server-from", "--server-into"}));
  oci::PullOptions options{.cache = flags.text("--cache")};
  TIDEGATE_TRY(options.cache_max_bytes, cache_max_of(flags));
  TIDEGATE_TRY(options.repository, flags.required("--repository"));
  TIDEGATE_TRY(options.digest, flags.required("--digest"));
  TIDEGATE_TRY(options.into, flags.required("--into"));
  TIDEGATE_TRY(oci::RegistryOptions registry_options, registry_of(flags, is_plain_http));
  os::Path from = flags.text("--server-from");
  os::Path into = flags.text("--server-into");
  if (from.empty() != into.empty())
    return fail(Code::invalid, "--server-from and --server-into go together; one is missing");

  if (!from.empty()) {
    TIDEGATE_TRY_VOID(copy_folder(from, into));
    say(fmt::format("the scoring server is in {}", into.string()));
  }
  fetch::CurlClient http;
  oci::Registry registry(std::move(registry_options), http);
  say(fmt::format("{}@{}", registry.name_of(options.repository), options.digest));
  TIDEGATE_TRY_VOID(oci::pull_artifact(registry, options, say));
  say(fmt::format("the app is in {}", options.into.string()));
  return {};
}

// In place, without a rename: Kubernetes mounts a file of its own there.
void write_termination_log(const std::string& text) {
  const char* path = ::getenv("TIDEGATE_TERMINATION_LOG");
  if (path == nullptr || path[0] == '\0') return;
  std::FILE* file = std::fopen(path, "we");
  bool is_written = file != nullptr && std::fputs(text.c_str(), file) >= 0;
  if (file != nullptr && std::fclose(file) != 0) is_written = false;
  if (!is_written) fmt::print(stderr, "pull: cannot write TIDEGATE_TERMINATION_LOG {}\n", path);
}

}  // namespace

int pull_role(const std::vector<std::string>& arguments) {
  std::vector<std::string> valued = arguments;
  bool is_plain_http = std::erase(valued, "--plain-http") > 0;
  if (std::ranges::find(valued, "--help") != valued.end()) {
    fmt::print("{}", kHelp);
    return 0;
  }
  auto pulled = pull(valued, is_plain_http);
  if (pulled) return 0;
  std::string text = fmt::format("ERROR: pull: {}\n", pulled.error().message);
  fmt::print(stderr, "{}", text);
  write_termination_log(text);
  return 1;
}

}  // namespace tidegate::app
