#include "cli/deploy_flags.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/text.h"
#include "domain/object_reader.h"
#include "domain/settings.h"

namespace tidegate::cli {
namespace {

struct KeyFlag {
  const char* names;
  const char* value_name;
  const char* key;
  const char* help;
};

// clang-format off
constexpr KeyFlag kSettingFlags[] = {
  {"-nr,--num-replicas", "N", "numReplicas", "how many replicas run"},
  {"-as,--autoscale-enabled", "BOOL", "autoScaler.autoscaleEnabled", "let the load decide how many replicas run"},
  {"-mi,--autoscale-min-replicas", "N", "autoScaler.minReplicas", "never fewer replicas than this"},
  {"-ma,--autoscale-max-replicas", "N", "autoScaler.maxReplicas", "never more replicas than this"},
  {"-ar,--autoscale-refresh-seconds", "N", "autoScaler.refreshPeriodInSeconds", "how often the autoscaler decides"},
  {"-at,--autoscale-target-utilization", "N", "autoScaler.targetUtilization", "percent of busy replicas it aims at"},
  {"-rm,--replica-max-concurrent-requests", "N", "maxConcurrentRequestsPerContainer", "requests that one replica works on at a time (default 1)"},
  {"-mr,--max-request-wait-time", "MS", "maxQueueWaitMs", "longest wait for a free replica, then 503 (default 500)"},
  {"-tm,--scoring-timeout-ms", "MS", "scoringTimeoutMs", "longest time for one answer, then 504 (default 60000)"},
  {"-ae,--auth-enabled", "BOOL", "authEnabled", "ask for a key (default true)"},
  {"--token-auth-enabled", "BOOL", "tokenAuthEnabled", "ask for a token"},
  {"-cc,--cpu-cores", "N", "containerResourceRequirements.cpu", "CPU cores per replica"},
  {"-ccl,--cpu-cores-limit", "N", "containerResourceRequirements.cpuLimit", "most CPU cores per replica"},
  {"-gb,--memory-gb", "GB", "containerResourceRequirements.memoryInGB", "memory per replica"},
  {"-gbl,--memory-gb-limit", "GB", "containerResourceRequirements.memoryInGBLimit", "most memory per replica"},
  {"-gc,--gpu-cores", "N", "gpuCores", "GPUs per replica"},
  {"-ps,--period-seconds", "N", "livenessProbeRequirements.periodSeconds", "seconds between two probes"},
  {"-id,--initial-delay-seconds", "N", "livenessProbeRequirements.initialDelaySeconds", "seconds before the first probe"},
  {"-ts,--timeout-seconds", "N", "livenessProbeRequirements.timeoutSeconds", "seconds that a probe may take"},
  {"-st,--success-threshold", "N", "livenessProbeRequirements.successThreshold", "good probes in a row that make a replica healthy"},
  {"-ft,--failure-threshold", "N", "livenessProbeRequirements.failureThreshold", "bad probes in a row that make it unhealthy"},
  {"-ai,--enable-app-insights", "BOOL", "appInsightsEnabled", "send telemetry"},
  {"-md,--collect-model-data", "BOOL", "dataCollection.storageEnabled", "write what the script's ModelDataCollector is given to files"},
  {"--namespace", "NAME", "namespace", "Kubernetes namespace"},
};
constexpr KeyFlag kCreateFlags[] = {
  {"-cp,--compute-type", "TYPE", "computeType", "aks"},
  {"-kp,--primary-key", "KEY", "keys.primaryKey", "your own primary key (default: a generated one)"},
  {"-ks,--secondary-key", "KEY", "keys.secondaryKey", "your own secondary key"},
};
constexpr KeyFlag kImageFlags[] = {
  {"-es,--entry-script", "FILE", "entryScript", "the script with init() and run()"},
  {"-sd,--source-directory", "DIR", "sourceDirectory", "its folder, sent whole but for what .amlignore or .gitignore names"},
  {"-cf,--conda-file", "FILE", "condaFile", "conda YAML with the packages"},
  {"-rt,--runtime", "NAME", "runtime", "python"},
  {"-bi,--base-image", "IMAGE", "baseImage", "image that the packages would be put on"},
  {"-ds,--extra-docker-file-steps", "FILE", "extraDockerfileSteps", "Docker steps; see --ignore-docker-steps"},
  {"-eg,--enable-gpu", "BOOL", "enableGpu", "an image with GPU support"},
  {"-cv,--cuda-version", "VERSION", "cudaVersion", "9.0, 9.1 or 10.0"},
};
// clang-format on

template <std::size_t N>
void declare(FlagSet& flags, const KeyFlag (&table)[N], std::map<std::string, std::string>& out) {
  for (const KeyFlag& row : table) flags.keyed(row.names, row.value_name, row.help, row.key, out);
}

const KeyFlag* find_flag(std::string_view key) {
  auto search = [&](const auto& table) -> const KeyFlag* {
    for (const KeyFlag& row : table) {
      if (row.key == key) return &row;
    }
    return nullptr;
  };
  if (const KeyFlag* flag = search(kSettingFlags)) return flag;
  if (const KeyFlag* flag = search(kCreateFlags)) return flag;
  return search(kImageFlags);
}

// What was typed, as the file would have it. Text that does not fit stays text: the parser of the
// file says what is wrong with it.
Json typed(std::string_view value_name, const std::string& text) {
  if (value_name == "BOOL") {
    std::string word = lower_case(text);
    for (const char* yes : {"true", "yes", "1"}) {
      if (word == yes) return true;
    }
    for (const char* no : {"false", "no", "0"}) {
      if (word == no) return false;
    }
    return text;
  }
  if (value_name != "N" && value_name != "MS" && value_name != "GB") return text;
  Result<Json> number = parse_json(text, "");
  return number && number->is_number() ? std::move(*number) : Json(text);
}

}  // namespace

void DeployFlags::declare_files(FlagSet& flags) {
  flags.text("-ic,--inference-config-file", "FILE",
             "inferenceconfig.json (JSON or YAML): entry script, source folder, environment",
             inference_config);
  flags.text("-dc,--deploy-config-file", "FILE",
             "deploymentconfig.json (JSON or YAML): replicas, resources, limits, keys",
             deployment_config);
}

void DeployFlags::declare_create(FlagSet& flags) {
  declare(flags, kCreateFlags, settings);
}

void DeployFlags::declare_settings(FlagSet& flags) {
  flags.group("Override the deployment config");
  declare(flags, kSettingFlags, settings);
}

void DeployFlags::declare_image(FlagSet& flags) {
  flags.group("Override the inference config, or stand for it");
  declare(flags, kImageFlags, inference);
  flags.toggle("--ignore-docker-steps", "deploy although Docker steps are not run on this machine",
               ignore_docker_steps);
}

void DeployFlags::declare_foreign(FlagSet& flags) {
  const std::string environments =
      "registered environments are not offered yet: put the environment into the "
      "inference config";
  const std::string tls =
      "TLS is not offered yet: leave it out, the service listens on this machine only";
  flags.refused("-e,--environment-name", "NAME", environments);
  flags.refused("-ev,--environment-version", "VERSION", environments);
  flags.refused("-ed,--environment-directory", "DIR", environments);
  flags.refused(
      "-ir,--base-image-registry", "JSON",
      "private registries are not offered yet, and a process needs no image: leave it out");
  flags.refused("-vn,--version-name", "NAME", "endpoints with versions are not offered yet");
  flags.refused("-tp,--traffic-percentile", "N", "endpoints with versions are not offered yet");
  flags.refused("-se,--ssl-enabled", "BOOL", tls);
  flags.refused("-sc,--ssl-cname", "NAME", tls);
  flags.refused("-sp,--ssl-cert-pem-file", "FILE", tls);
  flags.refused("-sk,--ssl-key-pem-file", "FILE", tls);
  flags.refused("-pi,--profile-input", "FILE", "profiling is not offered yet");
}

std::string DeployFlags::query() const {
  std::string query;
  if (strict) query += "&strict=true";
  if (ignore_docker_steps) query += "&ignoreDockerSteps=true";
  if (!query.empty()) query[0] = '?';
  return query;
}

Overlay::Overlay(ConfigFile& file, const std::map<std::string, std::string>& flags) {
  for (const auto& [key, text] : flags) {
    const KeyFlag* flag = find_flag(key);
    domain::at_path(file.json, key) = typed(flag->value_name, text);
    std::string label = flag->names;
    std::ranges::replace(label, ',', '/');
    labels_.emplace_back(domain::place_of(file.where, key), std::move(label));
  }
}

void Overlay::relabel(domain::Complaints& complaints) const {
  for (const auto& [place, label] : labels_) complaints.relabel(place, label);
}

}  // namespace tidegate::cli
