#include "image/environments.h"

#include <sys/utsname.h>
#include <unistd.h>

#include <cstdlib>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "base/log.h"
#include "image/build_folder.h"
#include "image/interpreter_finder.h"
#include "image/requirements.h"
#include "image/single_flight.h"
#include "image/uv.h"
#include "os/real_clock.h"

namespace tidegate::image {
namespace {

constexpr std::string_view kFoundInWorkspace = "workspace registry";

std::string machine_architecture() {
  struct utsname names{};
  ::uname(&names);
  return names.machine;
}

std::string short_key(const std::string& hash) {
  return hash.substr(0, 12);
}

void check_docker(const domain::Environment& environment, const EnvironmentOptions& options,
                  domain::Complaints& complaints, const Environments::LineSink& on_line) {
  if (!environment.base_image.empty()) {
    on_line(fmt::format("WARNING: the base image {} is not used on a process target",
                        environment.base_image));
  }
  if (environment.base_dockerfile.empty()) return;
  if (options.ignore_docker_steps) {
    on_line(
        "WARNING: the Docker steps of docker.baseDockerfile are not executed on a process target");
    return;
  }
  complaints.add(
      "environment.docker.baseDockerfile",
      "Docker steps cannot be executed on a process target; take them out, or deploy with "
      "--ignore-docker-steps");
}

// Where the user wrote `python=...`.
std::string python_origin(const domain::Environment& environment) {
  for (const auto& [line, origin] : environment.origins) {
    if (package_name(line) == "python") return origin;
  }
  return "environment";
}

// nullopt: any ("python=3" says no more than that).
Result<std::optional<PythonVersion>> asked_version(const domain::Environment& environment) {
  const std::string& text = environment.python_version;
  if (text.empty() || text == "3") return std::nullopt;
  auto asked = PythonVersion::parse(text);
  if (!asked || asked->major != kOldestPython.major) {
    return fail(Code::invalid,
                fmt::format("{}: python={}: must be a version from {} on, such as 3.11",
                            python_origin(environment), text, kOldestPython.text()));
  }
  return asked;
}

// The line that warns of another minor version than asked for; empty if there is nothing to say.
std::string version_warning(std::optional<PythonVersion> asked, const Interpreter& interpreter) {
  if (!asked || asked->same_minor(interpreter.version)) return {};
  return fmt::format("python={} was asked for, the best interpreter on this machine is {} ({})",
                     asked->text(), interpreter.version.text(), interpreter.path);
}

}  // namespace

struct Environments::Impl {
  // Constant after construction.
  const os::Path root;
  const os::Path uv;
  os::CommandRunner& runner;
  Random& random;
  // Own synchronisation.
  InterpreterFinder finder;
  SingleFlight builds;
  const os::RealClock clock{};  // only for the duration that the log shows

  Result<BuiltEnvironment> ensure(const domain::Environment& environment,
                                  const EnvironmentOptions& options, const LineSink& on_line);

 private:
  struct Job {
    const Recipe& recipe;
    const Interpreter& interpreter;
    const PackageIndex& index;
    const std::vector<Requirement>& requirements;
    const LineSink& on_line;
    const std::function<bool()>& is_cancelled;  // the caller
    std::function<bool()> is_given_up = {};     // the build, once it is one

    std::string key() const { return short_key(recipe.hash); }
  };

  Result<BuiltEnvironment> user_managed(const domain::Environment& environment,
                                        const LineSink& on_line);
  Result<BuiltEnvironment> find_or_build(const Job& job);
  std::optional<BuiltEnvironment> find(const Job& job);
  Result<BuiltEnvironment> build(const Job& job);
  Result<> fill(const Job& job, const os::Path& folder);
  Result<std::vector<std::string>> run_uv(const os::Command& command, const Job& job, bool quiet);
  Error explain(const std::vector<std::string>& output, const Job& job,
                const os::ExitStatus& status);
};

Result<BuiltEnvironment> Environments::Impl::ensure(const domain::Environment& environment,
                                                    const EnvironmentOptions& options,
                                                    const LineSink& on_line) {
  domain::Complaints complaints;
  check_docker(environment, options, complaints, on_line);
  std::vector<Requirement> requirements;
  if (!environment.user_managed) requirements = requirement_lines(environment, complaints);
  TIDEGATE_TRY_VOID(complaints.as_result());
  if (environment.user_managed) return user_managed(environment, on_line);
  if (::access(uv.c_str(), X_OK) != 0) {
    return fail(Code::unavailable,
                fmt::format("uv, which builds environments, cannot be run as '{}'; install it (pip "
                            "install uv) or set TIDEGATE_UV to its path",
                            uv.string()));
  }
  if (!environment.channels.empty()) {
    on_line(fmt::format("channels ({}) are not used: packages come from PyPI or the index in force",
                        fmt::join(environment.channels, ", ")));
  }
  TIDEGATE_TRY(auto asked, asked_version(environment));
  TIDEGATE_TRY(Interpreter interpreter, finder.find(asked));
  std::string warning = version_warning(asked, interpreter);
  if (!warning.empty() && options.strict) {
    return fail(Code::invalid,
                fmt::format("{}: {}; with --strict the minor version must be the same",
                            python_origin(environment), warning));
  }
  if (!warning.empty()) on_line(fmt::format("WARNING: {}; results may differ", warning));
  PackageIndex index = package_index_in_force([](const char* name) { return std::getenv(name); });
  Recipe recipe = make_recipe(environment, {.architecture = machine_architecture(),
                                            .interpreter = interpreter.path,
                                            .interpreter_version = interpreter.version.text(),
                                            .package_index = index.identity});
  return find_or_build({recipe, interpreter, index, requirements, on_line, options.is_cancelled});
}

Result<BuiltEnvironment> Environments::Impl::user_managed(const domain::Environment& environment,
                                                          const LineSink& on_line) {
  auto interpreter = finder.user_managed(environment.interpreter);
  if (!interpreter) return std::unexpected(interpreter.error());
  Recipe recipe = make_recipe(environment, {.architecture = machine_architecture()});
  on_line(fmt::format("environment {}: user-managed, {} (Python {}); nothing is built",
                      short_key(recipe.hash), interpreter->path, interpreter->version.text()));
  return BuiltEnvironment{.hash = recipe.hash,
                          .interpreter = interpreter->path,
                          .reused = true,
                          .found_in = "user-managed"};
}

Result<BuiltEnvironment> Environments::Impl::find_or_build(const Job& job) {
  job.on_line(fmt::format("environment {}: key of Python {} ({}) and {} requirements", job.key(),
                          job.interpreter.version.text(), job.interpreter.path,
                          job.requirements.size()));
  for (;;) {
    // Looked up within the turn: a build that ended in between is then seen.
    if (auto turn = builds.try_begin(job.recipe.hash, job.is_cancelled)) {
      Job mine = job;
      mine.is_given_up = [&] { return turn->is_given_up(clock.mono(), kUnwantedGrace); };
      auto found = find(mine);
      auto result = found ? Result<BuiltEnvironment>(std::move(*found)) : build(mine);
      turn->set_result(result ? Result<>() : std::unexpected(result.error()));
      return result;
    }
    job.on_line(
        fmt::format("environment {}: is being built for another deployment; waiting", job.key()));
    TIDEGATE_TRY_VOID(builds.wait(job.recipe.hash, job.is_cancelled));
  }
}

std::optional<BuiltEnvironment> Environments::Impl::find(const Job& job) {
  auto folder = published_folder(root, job.recipe.hash);
  if (!folder) return std::nullopt;
  job.on_line(fmt::format("environment {}: found in the {}: use the existing one", job.key(),
                          kFoundInWorkspace));
  return BuiltEnvironment{.hash = job.recipe.hash,
                          .interpreter = (*folder / "venv" / "bin" / "python").string(),
                          .reused = true,
                          .found_in = std::string(kFoundInWorkspace)};
}

Result<BuiltEnvironment> Environments::Impl::build(const Job& job) {
  MonoTime start = clock.mono();
  job.on_line(fmt::format("environment {}: not in the {}; building", job.key(), kFoundInWorkspace));
  TIDEGATE_TRY(BuildFolder folder, BuildFolder::create(root, job.recipe.hash, random));
  os::Path python = folder.path() / "venv" / "bin" / "python";
  TIDEGATE_TRY_VOID(fill(job, folder.path()));
  TIDEGATE_TRY_VOID(folder.publish());
  std::chrono::duration<double> seconds = clock.mono() - start;
  job.on_line(fmt::format("environment {}: built in {:.1f} s", job.key(), seconds.count()));
  return BuiltEnvironment{.hash = job.recipe.hash,
                          .interpreter = python.string(),
                          .reused = false,
                          .found_in = "built"};
}

Result<> Environments::Impl::fill(const Job& job, const os::Path& folder) {
  os::Path venv = folder / "venv";
  os::Path python = venv / "bin" / "python";
  os::Path requirements = folder / "requirements.txt";
  TIDEGATE_TRY_VOID(os::write_file_atomic(folder / "recipe.txt", job.recipe.text));
  TIDEGATE_TRY_VOID(os::write_file_atomic(requirements, requirements_text(job.requirements)));
  auto created = run_uv(uv_venv_command(uv, job.interpreter.path, venv), job, /*quiet=*/false);
  if (!created) return std::unexpected(created.error());
  if (!job.requirements.empty()) {
    auto installed =
        run_uv(uv_install_command(uv, python, requirements, job.index), job, /*quiet=*/false);
    if (!installed) return std::unexpected(installed.error());
  }
  TIDEGATE_TRY(auto locked, run_uv(uv_freeze_command(uv, python), job, /*quiet=*/true));
  return os::write_file_atomic(folder / "lock.txt", fmt::format("{}\n", fmt::join(locked, "\n")));
}

Result<std::vector<std::string>> Environments::Impl::run_uv(const os::Command& command,
                                                            const Job& job, bool quiet) {
  std::vector<std::string> output;
  auto read_line = [&](std::string_view line) {
    output.emplace_back(line);
    if (!quiet) job.on_line(line);
  };
  os::Command wanted = command;
  wanted.is_cancelled = job.is_given_up;
  TIDEGATE_TRY(os::ExitStatus status, runner.run(wanted, read_line));
  if (!status.ok()) return std::unexpected(explain(output, job, status));
  return output;
}

Error Environments::Impl::explain(const std::vector<std::string>& output, const Job& job,
                                  const os::ExitStatus& status) {
  if (is_disk_full(output)) {
    return {Code::exhausted,
            fmt::format("environment: the disk of {} (or uv's cache) is full; make "
                        "room and deploy again\n{}",
                        root.string(), failure_text(output))};
  }
  if (status.signal != 0) {
    return {Code::unavailable,
            fmt::format("environment: the build was interrupted: uv ended by {}; deploy again\n{}",
                        os::describe(status), failure_text(output))};
  }
  const Requirement* blamed = blamed_requirement(output, job.requirements);
  if (blamed == nullptr) {
    return {Code::invalid, fmt::format("environment: uv could not build it ({})\n{}",
                                       os::describe(status), failure_text(output))};
  }
  return {Code::invalid, fmt::format("{}: the package {} cannot be had\n{}", blamed->origin,
                                     blamed->source, failure_text(output))};
}

Environments::Environments(const os::Path& root, const os::Path& uv, os::CommandRunner& runner,
                           Random& random)
    : impl_(new Impl{.root = std::filesystem::absolute(root),
                     .uv = uv,
                     .runner = runner,
                     .random = random,
                     .finder = {uv, runner},
                     .builds = {}}) {
  Result<> made = os::make_directories(impl_->root);
  Result<int> removed = made ? remove_abandoned_builds(impl_->root) : std::unexpected(made.error());
  // Not fatal: user-managed environments need no folder, and a build would meet the same error
  // again.
  if (!removed) {
    log(Level::warning, "environment_folder_unusable", {{"error", removed.error().message}});
  } else if (*removed > 0) {
    log(Level::info, "unfinished_environments_removed", {{"count", *removed}});
  }
}

Environments::~Environments() = default;

Result<BuiltEnvironment> Environments::ensure(const domain::Environment& environment,
                                              const EnvironmentOptions& options,
                                              const LineSink& on_line) {
  return impl_->ensure(environment, options, on_line);
}

}  // namespace tidegate::image
