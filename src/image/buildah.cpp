#include "image/buildah.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "base/json.h"
#include "os/base64.h"

namespace tidegate::image {
namespace {

constexpr std::size_t kFailureLinesMax = 6;

}  // namespace

os::Command Buildah::command(std::vector<std::string> words) const {
  os::Command command;
  command.argv = options_.before;
  for (std::string word :
       {std::string("buildah"), std::string("--root"), (options_.storage / "store").string(),
        std::string("--runroot"), (options_.storage / "run").string(),
        std::string("--registries-conf"), options_.registries.string()}) {
    command.argv.push_back(std::move(word));
  }
  command.argv.insert(command.argv.end(), words.begin(), words.end());
  return command;
}

os::Command Buildah::with_network(std::string_view verb,
                                  const std::vector<std::string>& words) const {
  std::vector<std::string> all = {std::string(verb)};
  if (!options_.logins.empty()) all.insert(all.end(), {"--authfile", options_.logins.string()});
  if (!options_.certificates.empty()) {
    all.insert(all.end(), {"--cert-dir", options_.certificates.string()});
  }
  all.insert(all.end(), words.begin(), words.end());
  return command(std::move(all));
}

os::Command Buildah::build(const os::Path& dockerfile, const os::Path& context,
                           std::string_view tag) const {
  return with_network(
      "bud", {"--isolation", "chroot", "--format", "oci", "--ignorefile", "/dev/null", "--file",
              dockerfile.string(), "--tag", std::string(tag), context.string()});
}

os::Command Buildah::from(std::string_view base, std::string_view container) const {
  return with_network("from", {"--name", std::string(container), std::string(base)});
}

os::Command Buildah::run(std::string_view container, const std::vector<Mount>& mounts,
                         const std::vector<std::string>& words) const {
  std::vector<std::string> all = {"run", "--isolation", "chroot", "--user", "0:0"};
  for (const Mount& mount : mounts) {
    all.push_back("--volume");
    all.push_back(
        fmt::format("{}:{}{}", mount.host.string(), mount.inside, mount.is_read_only ? ":ro" : ""));
  }
  all.insert(all.end(), {std::string(container), "--"});
  all.insert(all.end(), words.begin(), words.end());
  return command(std::move(all));
}

os::Command Buildah::describe(std::string_view container,
                              const std::map<std::string, std::string>& labels,
                              const std::map<std::string, std::string>& annotations) const {
  std::vector<std::string> all = {"config"};
  for (const auto& [name, value] : labels) {
    all.insert(all.end(), {"--label", fmt::format("{}={}", name, value)});
  }
  for (const auto& [name, value] : annotations) {
    all.insert(all.end(), {"--annotation", fmt::format("{}={}", name, value)});
  }
  all.emplace_back(container);
  return command(std::move(all));
}

os::Command Buildah::commit(std::string_view container, std::string_view image) const {
  return command(
      {"commit", "--format", "oci", "--rm", "--quiet", std::string(container), std::string(image)});
}

os::Command Buildah::push(std::string_view image, std::string_view target,
                          const os::Path& digest_file) const {
  return with_network("push", {"--digestfile", digest_file.string(), std::string(image),
                               fmt::format("docker://{}", target)});
}

os::Command Buildah::remove_container(std::string_view container) const {
  return command({"rm", std::string(container)});
}

os::Command Buildah::remove_all_containers() const {
  return command({"rm", "--all"});
}

os::Command Buildah::remove_image(std::string_view image) const {
  return command({"rmi", std::string(image)});
}

std::string registries_text(const std::vector<oci::RegistryOptions>& registries) {
  std::string text = "unqualified-search-registries = [\"docker.io\"]\n";
  for (const oci::RegistryOptions& registry : registries) {
    if (registry.address.empty() || !registry.is_plain_http) continue;
    std::string entry = fmt::format("[[registry]]\nlocation = \"{}\"\ninsecure = true\n",
                                    oci::host_of(registry.address));
    // The same host twice would be an error.
    if (text.find(entry) == std::string::npos) text += entry;
  }
  return text;
}

std::string logins_text(const std::vector<oci::RegistryOptions>& registries) {
  Json logins = Json::object();
  for (const oci::RegistryOptions& registry : registries) {
    if (registry.address.empty() || registry.user.empty()) continue;
    logins[registry.address] = {
        {"auth", os::base64(fmt::format("{}:{}", registry.user, registry.password.reveal()))}};
  }
  if (logins.empty()) return {};
  return to_text(Json{{"auths", logins}});
}

std::string last_lines(const std::vector<std::string>& output) {
  std::size_t start = output.size() > kFailureLinesMax ? output.size() - kFailureLinesMax : 0;
  return fmt::format(
      "{}", fmt::join(output.begin() + static_cast<std::ptrdiff_t>(start), output.end(), "\n"));
}

}  // namespace tidegate::image
