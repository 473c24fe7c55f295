#include "image/images.h"

#include <chrono>
#include <cstdlib>
#include <optional>
#include <thread>

#include <fmt/format.h>

#include "image/base_image.h"
#include "image/image_build.h"
#include "image/install_script.h"
#include "image/requirements.h"
#include "image/single_flight.h"
#include "image/uv.h"
#include "image/workshop.h"
#include "os/file_lock.h"
#include "os/real_clock.h"

namespace tidegate::image {
namespace {

constexpr std::string_view kWorkspace = "workspace registry";
constexpr std::string_view kGlobal = "global registry";
constexpr std::chrono::milliseconds kLockPoll{300};
constexpr std::chrono::hours kLockWaitMax{2};  // for a build by another process

// What a registry that cannot be asked says, with its cure.
std::unexpected<Error> registry_error(std::string_view place, const std::string& address,
                                      const Error& error) {
  return fail(error.code,
              fmt::format("environment: the {} {} cannot be asked: {}; check that it runs, that it "
                          "can be reached from here, and the compute target's registry login "
                          "(attach the cluster again to change it)",
                          place, address, error.message));
}

// Mounts must be absolute.
ImagesOptions with_absolute_root(ImagesOptions options) {
  options.root = std::filesystem::absolute(options.root);
  return options;
}

}  // namespace

struct Images::Impl {
  Impl(ImagesOptions given, os::CommandRunner& a_runner, fetch::Client& a_http)
      : options(with_absolute_root(std::move(given))),
        runner(a_runner),
        http(a_http),
        workspace(options.workspace, http),
        workshop(options.root, runner, clock) {
    if (!options.global.address.empty()) global.emplace(options.global, http);
  }

  // Constant after construction.
  ImagesOptions options;
  os::CommandRunner& runner;
  fetch::Client& http;
  const os::RealClock clock{};  // only for the duration that the log shows, and a limit
  // Own synchronisation.
  oci::Registry workspace;
  std::optional<oci::Registry> global;
  Workshop workshop;
  SingleFlight builds;

  Result<BuiltEnvironment> ensure(const domain::Environment& environment,
                                  const EnvironmentOptions& options,
                                  const Environments::LineSink& on_line);

 private:
  Result<BaseImage> base_of(const domain::Environment& environment);
  Result<BuiltEnvironment> find_or_build(const ImageJob& job);
  Result<std::optional<BuiltEnvironment>> find(const ImageJob& job);
  Result<std::optional<BuiltEnvironment>> find_in(oci::Registry& registry, std::string_view place,
                                                  const ImageJob& job);
  Result<> check_python(const std::string& version, const ImageJob& job);
  Result<BuiltEnvironment> find_or_build_alone(const ImageJob& job);
  Result<os::FileLock> lock(const ImageJob& job);
  Result<BuiltEnvironment> build(const ImageJob& job);
  Result<BuiltEnvironment> build_inside(const ImageJob& job);
  BuiltEnvironment environment_of(const ImageJob& job, oci::Registry& registry,
                                  const std::string& digest) const;
};

Result<BuiltEnvironment> Images::Impl::ensure(const domain::Environment& environment,
                                              const EnvironmentOptions& wanted,
                                              const Environments::LineSink& on_line) {
  domain::Complaints not_in_pypi;
  std::vector<Requirement> requirements;
  if (!environment.user_managed) {
    requirements = requirement_lines(environment, not_in_pypi);
    // What is wrong with a pip line cannot be cured by a base image that has conda.
    domain::Environment pip_only = environment;
    pip_only.conda.clear();
    domain::Complaints wrong;
    (void)requirement_lines(pip_only, wrong);
    if (!wrong.empty()) TIDEGATE_TRY_VOID(not_in_pypi.as_result());
  }
  TIDEGATE_TRY(BaseImage base, base_of(environment));
  PackageIndex index = package_index_in_force([](const char* name) { return std::getenv(name); });
  Recipe recipe = make_image_recipe(
      environment,
      {.base = base.name, .architecture = options.architecture, .package_index = index.identity});
  return find_or_build({recipe, environment, base, requirements, not_in_pypi, index, wanted.strict,
                        on_line, wanted.is_cancelled});
}

Result<BaseImage> Images::Impl::base_of(const domain::Environment& environment) {
  BaseImage base = base_image_of(environment, options.default_base);
  if (base.name.empty() && environment.base_dockerfile.empty()) {
    return fail(
        Code::invalid,
        "environment.docker.baseImage: the environment names no base image, and the compute "
        "target has no default one; name one of them");
  }
  std::vector<oci::RegistryOptions> known = {options.workspace, options.global};
  // Its login is the user's own, so it is asked first; how to speak to it is known to the others.
  if (base.own_registry) {
    if (auto same = registry_of(base.own_registry->address + "/", known)) {
      base.own_registry->is_plain_http = same->is_plain_http;
      base.own_registry->ca = same->ca;
    }
    known.insert(known.begin(), *base.own_registry);
  }
  TIDEGATE_TRY(base.name, pinned(base, known, http));
  return base;
}

Result<BuiltEnvironment> Images::Impl::find_or_build(const ImageJob& job) {
  job.on_line(fmt::format("environment {}: key of {} and {} requirements", job.key(),
                          job.base.name.empty() ? "the Docker steps" : job.base.name,
                          job.requirements.size()));
  for (;;) {
    if (auto turn = builds.try_begin(job.recipe.hash, job.is_cancelled)) {
      ImageJob mine = job;
      mine.is_given_up = [&] { return turn->is_given_up(clock.mono(), kUnwantedGrace); };
      auto result = find_or_build_alone(mine);
      turn->set_result(result ? Result<>() : std::unexpected(result.error()));
      return result;
    }
    job.on_line(
        fmt::format("environment {}: is being built for another deployment; waiting", job.key()));
    TIDEGATE_TRY_VOID(builds.wait(job.recipe.hash, job.is_cancelled));
  }
}

Result<BuiltEnvironment> Images::Impl::find_or_build_alone(const ImageJob& job) {
  TIDEGATE_TRY(auto found, find(job));
  if (found) return std::move(*found);
  TIDEGATE_TRY(os::FileLock held, lock(job));
  // Another process may have built it since.
  TIDEGATE_TRY(found, find(job));
  if (found) return std::move(*found);
  return build(job);
}

Result<std::optional<BuiltEnvironment>> Images::Impl::find(const ImageJob& job) {
  auto here = find_in(workspace, kWorkspace, job);
  if (!here) return registry_error(kWorkspace, options.workspace.address, here.error());
  if (*here || !global) return here;
  auto there = find_in(*global, kGlobal, job);
  if (there) return there;
  // What it may have can be built too.
  job.on_line(fmt::format("WARNING: the {} {} cannot be asked: {}", kGlobal, options.global.address,
                          there.error().message));
  return std::optional<BuiltEnvironment>();
}

Result<std::optional<BuiltEnvironment>> Images::Impl::find_in(oci::Registry& registry,
                                                              std::string_view place,
                                                              const ImageJob& job) {
  TIDEGATE_TRY(auto manifest, registry.manifest(image_repository(job.recipe), "latest"));
  if (!manifest) return std::optional<BuiltEnvironment>();
  auto annotations = manifest->json.find("annotations");
  if (annotations != manifest->json.end()) {
    TIDEGATE_TRY_VOID(check_python(text_or(*annotations, kPythonAnnotation, ""), job));
  }
  BuiltEnvironment found = environment_of(job, registry, manifest->digest);
  found.reused = true;
  found.found_in = place;
  job.on_line(fmt::format("environment {}: found in the {}: use the existing image {}", job.key(),
                          place, found.image));
  return std::optional<BuiltEnvironment>(std::move(found));
}

// Warns of another minor version than asked for; strict: an error.
Result<> Images::Impl::check_python(const std::string& version, const ImageJob& job) {
  auto asked = PythonVersion::parse(job.environment.python_version);
  auto there = PythonVersion::parse(version);
  if (!asked || !there || job.environment.python_version == "3" || asked->same_minor(*there)) {
    return {};
  }
  std::string text = fmt::format("python={} was asked for, the base image {} has {}", asked->text(),
                                 job.base.name, there->text());
  if (job.is_strict) {
    return fail(
        Code::invalid,
        fmt::format("environment: {}; with --strict the minor version must be the same", text));
  }
  job.on_line(fmt::format("WARNING: {}; results may differ", text));
  return {};
}

Result<os::FileLock> Images::Impl::lock(const ImageJob& job) {
  TIDEGATE_TRY_VOID(os::make_directories(options.root / "locks"));
  os::Path path = options.root / "locks" / job.recipe.hash.substr(0, 32);
  MonoTime start = clock.mono();
  bool is_said = false;
  while (clock.mono() - start < kLockWaitMax) {
    TIDEGATE_TRY(auto held, os::FileLock::try_take(path));
    if (held) return std::move(*held);
    if (!is_said) {
      job.on_line(
          fmt::format("environment {}: is being built by another process; waiting", job.key()));
    }
    is_said = true;
    if (job.is_given_up())
      return fail(Code::cancelled, "nobody waits for the environment any more");
    std::this_thread::sleep_for(kLockPoll);
  }
  return fail(Code::timed_out,
              fmt::format("environment: another process has been building it for two hours; end "
                          "the one that holds {} and deploy again",
                          path.string()));
}

Result<BuiltEnvironment> Images::Impl::build(const ImageJob& job) {
  auto built = build_inside(job);
  // Removes the remains of one that was given up, unless somebody builds: then a later one does.
  if (!built && built.error().code == Code::cancelled) (void)workshop.enter();
  return built;
}

Result<BuiltEnvironment> Images::Impl::build_inside(const ImageJob& job) {
  MonoTime start = clock.mono();
  job.on_line(fmt::format("environment {}: not in the {}{}; building", job.key(), kWorkspace,
                          global ? fmt::format(" nor the {}", kGlobal) : ""));
  TIDEGATE_TRY(os::FileLock inside, workshop.enter());
  ImageBuild work(options, runner, workshop.confinement(), job);
  TIDEGATE_TRY(std::string digest, work.run());
  TIDEGATE_TRY_VOID(check_python(work.python(), job));
  BuiltEnvironment built = environment_of(job, workspace, digest);
  built.found_in = "built";
  std::chrono::duration<double> seconds = clock.mono() - start;
  job.on_line(fmt::format("environment {}: built and pushed in {:.1f} s: {}", job.key(),
                          seconds.count(), built.image));
  return built;
}

BuiltEnvironment Images::Impl::environment_of(const ImageJob& job, oci::Registry& registry,
                                              const std::string& digest) const {
  return {
      .hash = job.recipe.hash,
      .interpreter = job.environment.user_managed ? job.environment.interpreter : kImageInterpreter,
      .reused = false,
      .found_in = {},
      .image = fmt::format("{}@{}", registry.name_of(image_repository(job.recipe)), digest)};
}

Images::Images(ImagesOptions options, os::CommandRunner& runner, fetch::Client& http)
    : impl_(new Impl(std::move(options), runner, http)) {}

Images::~Images() = default;

Result<BuiltEnvironment> Images::ensure(const domain::Environment& environment,
                                        const EnvironmentOptions& options,
                                        const Environments::LineSink& on_line) {
  return impl_->ensure(environment, options, on_line);
}

}  // namespace tidegate::image
