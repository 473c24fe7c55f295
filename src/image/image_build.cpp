#include "image/image_build.h"

#include <algorithm>
#include <cstdlib>

#include <fmt/format.h>

#include "image/install_script.h"
#include "image/workshop.h"

namespace tidegate::image {
namespace {

// A command's argument has a limit of 128 KiB; a longer label is left out.
constexpr std::size_t kLabelBytesMax = 96 << 10;

std::string short_hash(const Recipe& recipe) {
  return recipe.hash.substr(0, 32);
}

const char* variable(const char* name) {
  return std::getenv(name);
}

bool is_buildahs_noise(std::string_view line) {
  return line.starts_with("subprocess exited with status ") ||
         line.starts_with("Error: exit status ");
}

// The certificates that this process was told to trust, which the container has not.
os::Path trusted_certificates() {
  for (const char* name : {"SSL_CERT_FILE", "PIP_CERT", "REQUESTS_CA_BUNDLE"}) {
    const char* value = variable(name);
    std::error_code ignored;
    if (value != nullptr && std::filesystem::is_regular_file(value, ignored)) return value;
  }
  return {};
}

std::vector<oci::RegistryOptions> registries_of(const ImagesOptions& options,
                                                const BaseImage& base) {
  std::vector<oci::RegistryOptions> all = {options.workspace, options.global};
  if (base.own_registry) all.push_back(*base.own_registry);
  return all;
}

Buildah::Options buildah_options(const ImagesOptions& options,
                                 const std::vector<std::string>& before, const os::Path& folder,
                                 const BaseImage& base) {
  Buildah::Options out{.before = before,
                       .storage = options.root / kStorageFolder,
                       .registries = folder / "registries"};
  bool has_logins = false;
  bool has_certificates = false;
  for (const oci::RegistryOptions& registry : registries_of(options, base)) {
    has_logins = has_logins || (!registry.address.empty() && !registry.user.empty());
    has_certificates = has_certificates || !registry.ca.empty();
  }
  if (has_logins) out.logins = folder / "logins";
  if (has_certificates) out.certificates = folder / "certificates";
  return out;
}

}  // namespace

std::string image_repository(const Recipe& recipe) {
  return "azureml/azureml_" + short_hash(recipe);
}

ImageBuild::ImageBuild(const ImagesOptions& options, os::CommandRunner& runner,
                       const std::vector<std::string>& before, const ImageJob& job)
    : options_(options),
      runner_(runner),
      job_(job),
      folder_(options.root / kBuildsFolder / short_hash(job.recipe)),
      mounted_(folder_ / "inside"),
      name_(container_of(short_hash(job.recipe))),
      base_tag_(base_tag_of(short_hash(job.recipe))),
      buildah_(buildah_options(options, before, folder_, job.base)) {}

ImageBuild::~ImageBuild() {
  if (is_given_up_) return;
  forget(buildah_.remove_container(name_));
  forget(buildah_.remove_image("localhost/" + name_));
  if (!job_.environment.base_dockerfile.empty()) forget(buildah_.remove_image(base_tag_));
  // What is left is removed by the next build.
  (void)os::remove_tree(folder_);
}

Result<std::string> ImageBuild::run() {
  TIDEGATE_TRY_VOID(prepare_folder());
  std::string base = job_.base.name;
  if (!job_.environment.base_dockerfile.empty()) {
    TIDEGATE_TRY(base, build_docker_steps());
  }
  TIDEGATE_TRY_VOID(start(base));
  if (!job_.environment.user_managed) TIDEGATE_TRY_VOID(install());
  TIDEGATE_TRY_VOID(commit());
  return push();
}

Result<> ImageBuild::prepare_folder() {
  TIDEGATE_TRY_VOID(os::remove_tree(folder_));
  for (const os::Path& part : {folder_, mounted_, folder_ / "context", options_.root / "uv-cache"})
    TIDEGATE_TRY_VOID(os::make_directories(part, 0700));
  auto registries = registries_of(options_, job_.base);
  TIDEGATE_TRY_VOID(os::write_file_quick(folder_ / "registries", registries_text(registries)));
  std::string logins = logins_text(registries);
  if (!logins.empty()) {
    TIDEGATE_TRY_VOID(os::write_file_quick(folder_ / "logins", logins, 0600));
  }
  std::string certificates;
  for (const oci::RegistryOptions& registry : registries) certificates += registry.ca;
  if (certificates.empty()) return {};
  TIDEGATE_TRY_VOID(os::make_directories(folder_ / "certificates"));
  return os::write_file_quick(folder_ / "certificates" / "ca.crt", certificates);
}

Result<std::string> ImageBuild::build_docker_steps() {
  os::Path dockerfile = folder_ / "Dockerfile";
  TIDEGATE_TRY_VOID(os::write_file_quick(dockerfile, job_.environment.base_dockerfile));
  job_.on_line(fmt::format("environment {}: the Docker steps", job_.key()));
  TIDEGATE_TRY_VOID(must(buildah_.build(dockerfile, folder_ / "context", base_tag_),
                         "environment.docker.baseDockerfile: the Docker steps failed"));
  return base_tag_;
}

Result<> ImageBuild::start(const std::string& base) {
  if (base != base_tag_) {
    job_.on_line(fmt::format("environment {}: base image {}", job_.key(), base));
  }
  TIDEGATE_TRY(Outcome outcome, execute(buildah_.from(base, name_), Voice::loud));
  if (outcome.status.ok()) return {};
  if (is_disk_full(outcome.output) || outcome.status.signal != 0) {
    return std::unexpected(error_of("the base image cannot be pulled", outcome));
  }
  return std::unexpected(
      inaccessible(job_.base, Code::unavailable,
                   fmt::format("check its name, that its registry can be reached from here, and "
                               "docker.baseImageRegistry if it needs a login\n{}",
                               last_lines(outcome.output))));
}

Result<> ImageBuild::install() {
  InstallPlan plan{.python_version = job_.environment.python_version,
                   .is_strict = job_.is_strict,
                   .needs_conda = !job_.not_in_pypi.empty(),
                   .has_conda = !job_.environment.conda.empty()};
  os::Path certificates = trusted_certificates();
  auto variables = build_variables(variable, job_.index, !certificates.empty());
  const std::pair<const char*, std::string> files[] = {
      {"install.sh", install_script(plan)},
      {"env.sh", environment_script(variables)},
      {"requirements.txt", requirements_text(job_.requirements)},
      {"conda.yml", conda_text(job_.environment)}};
  for (const auto& [name, text] : files) {
    TIDEGATE_TRY_VOID(os::write_file_quick(mounted_ / name, text, 0600));
  }
  std::string inside = kMountedFolder;
  std::vector<Buildah::Mount> mounts = {{mounted_, inside},
                                        {options_.root / "uv-cache", inside + "/cache"}};
  if (!certificates.empty()) mounts.push_back({certificates, inside + "/ca.pem", true});
  std::error_code ignored;
  if (std::filesystem::exists(options_.uv, ignored)) {
    mounts.push_back({std::filesystem::absolute(options_.uv), inside + "/uv", true});
  }
  TIDEGATE_TRY(
      Outcome outcome,
      execute(buildah_.run(name_, mounts, {"/bin/sh", inside + "/install.sh"}), Voice::loud));
  // buildah's own words about the script's end say nothing.
  while (!outcome.output.empty() && is_buildahs_noise(outcome.output.back())) {
    outcome.output.pop_back();
  }
  auto version = os::read_file(mounted_ / "python.txt");
  if (version) python_ = version->substr(0, version->find('\n'));
  return check_install(outcome);
}

Result<> ImageBuild::check_install(const Outcome& outcome) {
  if (outcome.status.ok()) return {};
  if (is_disk_full(outcome.output) || outcome.status.signal != 0) {
    return std::unexpected(error_of("the packages could not be installed", outcome));
  }
  switch (static_cast<InstallExit>(outcome.status.code)) {
    case InstallExit::no_python:
      return fail(Code::invalid,
                  fmt::format("{}: the base image {} has no Python from 3.8 on in its PATH; name "
                              "one that has, or use userManagedDependencies",
                              job_.base.where, job_.base.name));
    case InstallExit::needs_conda:
      return job_.not_in_pypi.as_result();
    case InstallExit::other_minor:
      return fail(Code::invalid,
                  fmt::format("environment: python={} was asked for, the base image {} has {}; "
                              "with --strict the minor version must be the same",
                              job_.environment.python_version, job_.base.name, python_));
    case InstallExit::no_venv:
      return fail(Code::invalid,
                  fmt::format("{}: the Python of the base image {} has no module "
                              "venv (Debian: python3-venv)\n{}",
                              job_.base.where, job_.base.name, last_lines(outcome.output)));
  }
  return std::unexpected(blame(outcome.output));
}

Error ImageBuild::blame(const std::vector<std::string>& output) const {
  const Requirement* blamed = blamed_requirement(output, job_.requirements);
  if (blamed == nullptr) {
    return {Code::invalid, fmt::format("environment: the packages could not be installed into {}\n"
                                       "{}",
                                       job_.base.name, failure_text(output))};
  }
  return {Code::invalid, fmt::format("{}: the package {} cannot be had\n{}", blamed->origin,
                                     blamed->source, failure_text(output))};
}

Result<> ImageBuild::commit() {
  std::map<std::string, std::string> labels = {{"tidegate.recipe", job_.recipe.text}};
  if (!job_.environment.user_managed) {
    TIDEGATE_TRY(labels["tidegate.lock"], os::read_file(mounted_ / "lock.txt"));
    TIDEGATE_TRY_VOID(os::make_directories(options_.root / "locks"));
    TIDEGATE_TRY_VOID(os::write_file_atomic(
        options_.root / "locks" / (short_hash(job_.recipe) + ".txt"), labels["tidegate.lock"]));
  }
  std::erase_if(labels, [](const auto& label) { return label.second.size() > kLabelBytesMax; });
  std::map<std::string, std::string> annotations;
  if (!python_.empty()) annotations[kPythonAnnotation] = python_;
  TIDEGATE_TRY_VOID(must(buildah_.describe(name_, labels, annotations),
                         "the image's labels could not be written"));
  return must(buildah_.commit(name_, "localhost/" + name_), "the image could not be stored");
}

Result<std::string> ImageBuild::push() {
  os::Path digest_file = folder_ / "digest";
  std::string target =
      fmt::format("{}/{}", options_.workspace.address, image_repository(job_.recipe));
  job_.on_line(fmt::format("environment {}: pushing {}", job_.key(), target));
  TIDEGATE_TRY(
      Outcome outcome,
      execute(buildah_.push("localhost/" + name_, target + ":latest", digest_file), Voice::loud));
  if (!outcome.status.ok()) {
    Error error = error_of(
        fmt::format("the image could not be pushed to the registry {}; check that it can be "
                    "reached and that its login may push",
                    options_.workspace.address),
        outcome);
    if (error.code == Code::invalid) error.code = Code::unavailable;
    return std::unexpected(error);
  }
  TIDEGATE_TRY(std::string digest, os::read_file(digest_file));
  return digest.substr(0, digest.find('\n'));
}

Result<ImageBuild::Outcome> ImageBuild::execute(const os::Command& command, Voice voice) {
  Outcome outcome;
  auto read_line = [&](std::string_view line) {
    outcome.output.emplace_back(line);
    if (voice == Voice::loud) job_.on_line(line);
  };
  os::Command wanted = command;
  wanted.is_cancelled = job_.is_given_up;
  auto status = runner_.run(wanted, read_line);
  is_given_up_ = !status && status.error().code == Code::cancelled;
  if (!status && status.error().code == Code::not_found) {
    return fail(Code::unavailable,
                "buildah, which builds images, is not on this machine; install it (apt-get install "
                "buildah) and deploy again");
  }
  if (!status) return std::unexpected(status.error());
  outcome.status = *status;
  return outcome;
}

Result<> ImageBuild::must(const os::Command& command, std::string_view what) {
  TIDEGATE_TRY(Outcome outcome, execute(command, Voice::loud));
  if (!outcome.status.ok()) return std::unexpected(error_of(what, outcome));
  return {};
}

Error ImageBuild::error_of(std::string_view what, const Outcome& outcome) const {
  std::string why = last_lines(outcome.output);
  if (is_disk_full(outcome.output)) {
    return {Code::exhausted,
            fmt::format("environment: the disk of {} (or the registry's) is full; make room and "
                        "deploy again\n{}",
                        options_.root.string(), why)};
  }
  if (outcome.status.signal != 0) {
    return {Code::unavailable,
            fmt::format("environment: the build was interrupted: buildah ended by {}; deploy "
                        "again\n{}",
                        os::describe(outcome.status), why)};
  }
  return {Code::invalid,
          fmt::format("environment: {} ({})\n{}", what, os::describe(outcome.status), why)};
}

// There is nothing to do about a failure: most often there was nothing to remove.
void ImageBuild::forget(const os::Command& command) {
  (void)runner_.run(command, [](std::string_view) {});
}

}  // namespace tidegate::image
