#include "image/base_image.h"

#include <fmt/format.h>

namespace tidegate::image {
namespace {

const Json* member(const Json& object, const char* name) {
  if (!object.is_object()) return nullptr;
  auto found = object.find(name);
  return found == object.end() ? nullptr : &*found;
}

std::optional<oci::RegistryOptions> own_registry_of(const domain::Environment& environment) {
  const Json* docker = member(environment.raw, "docker");
  const Json* registry = docker != nullptr ? member(*docker, "baseImageRegistry") : nullptr;
  if (registry == nullptr || !registry->is_object()) return std::nullopt;
  std::string address = text_or(*registry, "address", "");
  if (address.empty()) return std::nullopt;
  return oci::RegistryOptions{.address = address,
                              .user = text_or(*registry, "username", ""),
                              .password = Secret(text_or(*registry, "password", ""))};
}

}  // namespace

BaseImage base_image_of(const domain::Environment& environment, const std::string& default_base) {
  BaseImage base;
  base.own_registry = own_registry_of(environment);
  if (!environment.base_dockerfile.empty()) {
    base.where = "environment.docker.baseDockerfile";
    return base;
  }
  base.name = environment.base_image;
  if (base.name.empty()) {
    base.name = default_base;
    base.where = "the compute target's default base image";
    return base;
  }
  if (base.own_registry && !base.name.starts_with(base.own_registry->address + "/")) {
    base.name = base.own_registry->address + "/" + base.name;
  }
  return base;
}

std::optional<oci::RegistryOptions> registry_of(
    const std::string& image, const std::vector<oci::RegistryOptions>& registries) {
  for (const oci::RegistryOptions& registry : registries) {
    std::string host = registry.address.substr(0, registry.address.find('/'));
    if (host.empty() || !image.starts_with(host + "/")) continue;
    oci::RegistryOptions found = registry;
    found.address = host;
    return found;
  }
  return std::nullopt;
}

Result<std::string> pinned(const BaseImage& base,
                           const std::vector<oci::RegistryOptions>& registries,
                           fetch::Client& http) {
  if (base.name.empty()) return std::string();
  auto options = registry_of(base.name, registries);
  if (!options) return base.name;
  auto reference = oci::parse_reference(base.name);
  if (!reference) return fail_at(base.where, reference.error());
  if (!reference->digest.empty()) return base.name;
  std::string tag = reference->tag.empty() ? "latest" : reference->tag;
  oci::Registry registry(*options, http);
  auto manifest = registry.manifest(reference->repository, tag);
  if (!manifest) {
    return std::unexpected(inaccessible(base, manifest.error().code, manifest.error().message));
  }
  if (!*manifest) {
    return std::unexpected(
        inaccessible(base, Code::not_found,
                     fmt::format("the registry {} has no {}:{}; push it there, or name another",
                                 options->address, reference->repository, tag)));
  }
  return fmt::format("{}@{}", registry.name_of(reference->repository), (*manifest)->digest);
}

Error inaccessible(const BaseImage& base, Code code, std::string_view why) {
  return {code, fmt::format("{}: the base image {} cannot be pulled (InaccessibleImage): {}",
                            base.where, base.name, why)};
}

}  // namespace tidegate::image
