// One build of an environment image with buildah, and its push.
#pragma once

#include <string>
#include <vector>

#include "image/base_image.h"
#include "image/buildah.h"
#include "image/images.h"
#include "image/requirements.h"
#include "image/uv.h"

namespace tidegate::image {

// "azureml/azureml_<32 hex>"
std::string image_repository(const Recipe& recipe);

// Of the manifest, so that a look-up reads them with one request.
inline constexpr char kPythonAnnotation[] = "tidegate.python";  // "3.11.2"

struct ImageJob {
  const Recipe& recipe;
  const domain::Environment& environment;
  const BaseImage& base;  // by digest, if that could be found out
  const std::vector<Requirement>& requirements;
  const domain::Complaints& not_in_pypi;  // about conda packages: errors, unless the base has conda
  const PackageIndex& index;
  bool is_strict = false;
  const Environments::LineSink& on_line;
  const std::function<bool()>& is_cancelled;  // the caller
  std::function<bool()> is_given_up = {};     // the build, once it is one

  std::string key() const { return recipe.hash.substr(0, 12); }
};

class ImageBuild {
 public:
  // All outlive it. Only one at a time may have the recipe of `job`, in all processes of
  // options.root, and the caller is in the root's workshop. before: Workshop::confinement().
  ImageBuild(const ImagesOptions& options, os::CommandRunner& runner,
             const std::vector<std::string>& before, const ImageJob& job);
  // Removes the container, the local image and the folder; of one that was given up nothing: what
  // buildah had begun by itself has names of its own, and goes by Workshop::enter().
  ~ImageBuild();
  ImageBuild(const ImageBuild&) = delete;

  // The digest of what was pushed.
  Result<std::string> run();
  const std::string& python() const { return python_; }  // version in the image; empty: unknown

 private:
  struct Outcome {
    os::ExitStatus status;
    std::vector<std::string> output;
  };
  enum class Voice { loud, quiet };

  Result<> prepare_folder();
  Result<std::string> build_docker_steps();
  Result<> start(const std::string& base);
  Result<> install();
  Result<> check_install(const Outcome& outcome);
  Error blame(const std::vector<std::string>& output) const;
  Result<> commit();
  Result<std::string> push();
  Result<Outcome> execute(const os::Command& command, Voice voice);
  Result<> must(const os::Command& command, std::string_view what);
  Error error_of(std::string_view what, const Outcome& outcome) const;
  void forget(const os::Command& command);

  const ImagesOptions& options_;
  os::CommandRunner& runner_;
  const ImageJob& job_;
  const os::Path folder_;       // ours until the end
  const os::Path mounted_;      // the part that the container sees
  const std::string name_;      // of the container and the local image
  const std::string base_tag_;  // of the image that the Docker steps make
  Buildah buildah_;
  std::string python_;  // version in the image, when known
  bool is_given_up_ = false;
};

}  // namespace tidegate::image
