#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "base/error.h"
#include "domain/environment.h"
#include "image/environments.h"
#include "oci/registry.h"
#include "os/file.h"
#include "os/process.h"

namespace tidegate::image {

struct ImagesOptions {
  os::Path root;                   // for build folders, locks and buildah's storage
  oci::RegistryOptions workspace;  // where images are looked for first, and pushed
  oci::RegistryOptions global;     // looked for next; address empty: none
  std::string default_base;        // for environments that name none; may have a tag
  std::string architecture = "x86_64";
  os::Path uv = {};  // for the packages inside an image; empty or missing: the base image's own pip
};

// Environment images of a compute target's registry: azureml/azureml_<32 hex of the recipe's hash>,
// found by recipe hash (workspace registry, then global), else built with buildah and pushed to the
// workspace registry, where the manifest comes last: half a push is never found. The package lock
// is kept as a label and beside the build log. Builds of one recipe at the same time are one build.
// Thread-safe.
class Images {
 public:
  // runner, http outlive this.
  Images(ImagesOptions options, os::CommandRunner& runner, fetch::Client& http);
  ~Images();

  // As Environments::ensure: blocks for the length of a build and gives each line to on_line. A
  // build that nobody wants any more leaves nothing, like one that fails.
  // BuiltEnvironment.image is "host:port/azureml/azureml_<hash>@sha256:…", interpreter is the path
  // inside the image, found_in "workspace registry", "global registry" or "built".
  Result<BuiltEnvironment> ensure(const domain::Environment& environment,
                                  const EnvironmentOptions& options,
                                  const Environments::LineSink& on_line);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace tidegate::image
