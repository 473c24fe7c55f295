// What runs inside the base image to make the environment stage, as text. Nothing here runs
// anything.
#pragma once

#include <map>
#include <string>

#include "domain/environment.h"
#include "image/uv.h"

namespace tidegate::image {

// The build's folder as the container sees it. Mounted, so nothing of it gets into the image.
inline constexpr char kMountedFolder[] = "/run/tidegate";
inline constexpr char kEnvironmentFolder[] = "/opt/azureml-env";
inline constexpr char kImageInterpreter[] = "/opt/azureml-env/bin/python";

// How install.sh ends when it is not the packages' fault.
enum class InstallExit : int {
  no_python = 40,
  needs_conda = 41,
  other_minor = 42,  // under strict
  no_venv = 43,
};

struct InstallPlan {
  std::string python_version;  // asked for; empty: any
  bool is_strict = false;      // another minor version ends the build
  bool needs_conda = false;    // some conda package cannot be had from PyPI
  bool has_conda = false;  // some conda package was asked for: use the base's conda if it has one
};

// Reads env.sh, requirements.txt, conda.yml, uv (may be missing) and cache beside it; writes
// lock.txt and python.txt (the version) there.
std::string install_script(const InstallPlan& plan);
// Variables for the build alone (index, proxies, certificates): text for env.sh.
std::string environment_script(const std::map<std::string, std::string>& variables);
// Proxies, certificates and package index of this process, as uv, pip and conda know them. The
// certificates are read from kMountedFolder/ca.pem if `has_certificates`.
std::map<std::string, std::string> build_variables(const ReadVariable& read,
                                                   const PackageIndex& index,
                                                   bool has_certificates);
// The conda YAML for a base that has conda.
std::string conda_text(const domain::Environment& environment);

}  // namespace tidegate::image
