// Which image an environment is made from, and where it lives.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "domain/environment.h"
#include "oci/registry.h"

namespace tidegate::image {

struct BaseImage {
  std::string name;  // as buildah takes it; empty: the Docker steps name it
  std::string where = "environment.docker.baseImage";  // for errors
  // docker.baseImageRegistry of the environment, with its login.
  std::optional<oci::RegistryOptions> own_registry;
};

// default_base: for environments that name none.
BaseImage base_image_of(const domain::Environment& environment, const std::string& default_base);

// The registry among `registries` that `image` lives in, as one without a path; nullopt: another.
std::optional<oci::RegistryOptions> registry_of(
    const std::string& image, const std::vector<oci::RegistryOptions>& registries);

// The same image by digest, if one of `registries` has it; as written if it lives elsewhere. Error:
// it cannot be read there (the message says InaccessibleImage, as the platform does).
Result<std::string> pinned(const BaseImage& base,
                           const std::vector<oci::RegistryOptions>& registries,
                           fetch::Client& http);

// The error for a base that cannot be had, because of `why`.
Error inaccessible(const BaseImage& base, Code code, std::string_view why);

}  // namespace tidegate::image
