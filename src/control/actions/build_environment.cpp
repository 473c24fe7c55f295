#include <memory>

#include "control/actions/actions.h"
#include "control/operation_notes.h"

namespace tidegate::control {
namespace {

constexpr std::string_view kWarning = "WARNING: ";

struct Outcome {
  Result<image::BuiltEnvironment> built = fail(Code::internal, "not run");
  std::vector<std::string> warnings;
};

struct Job {
  EnvironmentProvider& environments;
  const store::OperationLogs& logs;
  const Clock& clock;
  std::string operation_id;
  domain::Environment environment;
  image::EnvironmentOptions options;

  // On a worker; the log is written line by line, as the build goes.
  Outcome run() const {
    Outcome outcome;
    outcome.built = environments.ensure(environment, options, [&](std::string_view line) {
      if (!operation_id.empty()) (void)logs.append(operation_id, clock.wall(), line);
      if (line.starts_with(kWarning)) outcome.warnings.emplace_back(line.substr(kWarning.size()));
    });
    return outcome;
  }
};

Result<> store_environment(Context& context, const std::string& version_id,
                           const image::BuiltEnvironment& built) {
  TIDEGATE_TRY(auto version, store::find_version(*context.store.db, version_id));
  if (!version || version->phase != store::VersionPhase::preparing) return {};
  version->environment_hash = built.hash;
  version->interpreter = built.interpreter;
  version->found_in = built.found_in;
  version->image = built.image;
  version->step = store::VersionStep::layout;
  return store::update_version(*context.store.db, *version);
}

// The version may have been cancelled and removed meanwhile.
void end_build(Context& context, const std::string& version_id) {
  auto found = context.memory.versions.find(version_id);
  if (found != context.memory.versions.end()) found->second.building = false;
  context.kick();
}

void finish(Context& context, const std::string& version_id, const std::string& service_name,
            const std::string& operation_id, const Outcome& outcome) {
  log_failure(
      "operation_warning",
      change_operation(*context.store.db, operation_id, [&](store::StoredOperation& stored) {
        stored.warnings.insert(stored.warnings.end(), outcome.warnings.begin(),
                               outcome.warnings.end());
        if (outcome.built) stored.operation.step = "DeployService";
      }));
  if (outcome.built) {
    log_failure("environment", store_environment(context, version_id, *outcome.built));
  } else {
    fail_version(context, version_id,
                 step_error("EnvironmentBuildFailed", service_name, outcome.built.error()));
  }
  end_build(context, version_id);
}

}  // namespace

void act(Context& context, const ServiceWanted& service, const BuildEnvironment& action) {
  const VersionWanted* wanted = find_version(service, action.version_id);
  if (wanted == nullptr) return;
  const store::Version& version = wanted->version;
  std::string operation_id = operation_of(service);
  Job job{context.environments,
          context.store.logs,
          context.clock,
          operation_id,
          version.spec.workload.environment,
          {.strict = version.strict, .ignore_docker_steps = version.ignore_docker_steps}};
  VersionMemory& memory = context.memory.versions[version.id];
  memory.building = true;
  memory.build = std::stop_source();
  job.options.is_cancelled = [token = memory.build.get_token()] { return token.stop_requested(); };
  memory.busy_since = context.clock.mono();
  bool started = context.pool.start(
      [job = std::move(job)] { return job.run(); },
      [&context, id = version.id, name = version.spec.name, operation_id](const Outcome& outcome) {
        finish(context, id, name, operation_id, outcome);
      });
  if (!started) end_build(context, version.id);
}

}  // namespace tidegate::control
