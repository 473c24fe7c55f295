#include "domain/settings.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <set>

#include <fmt/format.h>

#include "domain/object_reader.h"

namespace tidegate::domain {
namespace {

using Settings = DeploymentSettings;
using enum SettingType;
using enum SettingLimit;

int whole(const Json& value) {
  return value.get<int>();
}
double real(const Json& value) {
  return value.get<double>();
}

// clang-format off
constexpr std::array kSettings = {
  Setting{"autoScaler.autoscaleEnabled", "autoScaler.autoscaleEnabled", "autoscale_enabled", boolean, none,
          [](Settings& s, const Json& v) { s.autoscaler.enabled = v.get<bool>(); }},
  Setting{"autoScaler.minReplicas", "autoScaler.minReplicas", "autoscale_min_replicas", integer, positive,
          [](Settings& s, const Json& v) { s.autoscaler.min_replicas = whole(v); }},
  Setting{"autoScaler.maxReplicas", "autoScaler.maxReplicas", "autoscale_max_replicas", integer, positive,
          [](Settings& s, const Json& v) { s.autoscaler.max_replicas = whole(v); }},
  Setting{"autoScaler.refreshPeriodInSeconds", "autoScaler.refreshPeriodInSeconds", "autoscale_refresh_seconds", integer, positive,
          [](Settings& s, const Json& v) { s.autoscaler.refresh_period_s = whole(v); }},
  Setting{"autoScaler.targetUtilization", "autoScaler.targetUtilization", "autoscale_target_utilization", integer, positive,
          [](Settings& s, const Json& v) { s.autoscaler.target_utilization = whole(v); }},
  Setting{"numReplicas", "numReplicas", "num_replicas", integer, positive,
          [](Settings& s, const Json& v) { s.num_replicas = whole(v); }},
  Setting{"dataCollection.storageEnabled", "dataCollection.storageEnabled", "collect_model_data", boolean, none,
          [](Settings& s, const Json& v) { s.collect_model_data = v.get<bool>(); }},
  Setting{"authEnabled", "authEnabled", "auth_enabled", boolean, none,
          [](Settings& s, const Json& v) { s.auth_enabled = v.get<bool>(); }},
  Setting{"tokenAuthEnabled", "aadAuthEnabled", "token_auth_enabled", boolean, none,
          [](Settings& s, const Json& v) { s.token_auth_enabled = v.get<bool>(); }},
  Setting{"containerResourceRequirements.cpu", "containerResourceRequirements.cpu", "cpu_cores", number, positive,
          [](Settings& s, const Json& v) { s.resources.cpu = real(v); }},
  Setting{"containerResourceRequirements.cpuLimit", "containerResourceRequirements.cpuLimit", "cpu_cores_limit", number, positive,
          [](Settings& s, const Json& v) { s.resources.cpu_limit = real(v); }},
  Setting{"containerResourceRequirements.memoryInGB", "containerResourceRequirements.memoryInGB", "memory_gb", number, positive,
          [](Settings& s, const Json& v) { s.resources.memory_gb = real(v); }},
  Setting{"containerResourceRequirements.memoryInGBLimit", "containerResourceRequirements.memoryInGBLimit", "memory_gb_limit", number, positive,
          [](Settings& s, const Json& v) { s.resources.memory_gb_limit = real(v); }},
  Setting{"gpuCores", "containerResourceRequirements.gpu", "gpu_cores", integer, not_negative,
          [](Settings& s, const Json& v) { s.resources.gpu = whole(v); }},
  Setting{"appInsightsEnabled", "appInsightsEnabled", "enable_app_insights", boolean, none,
          [](Settings& s, const Json& v) { s.app_insights_enabled = v.get<bool>(); }},
  Setting{"scoringTimeoutMs", "scoringTimeoutMs", "scoring_timeout_ms", integer, positive,
          [](Settings& s, const Json& v) { s.scoring_timeout_ms = whole(v); }},
  Setting{"maxConcurrentRequestsPerContainer", "maxConcurrentRequestsPerContainer", "replica_max_concurrent_requests", integer, positive,
          [](Settings& s, const Json& v) { s.max_concurrent_per_container = whole(v); }},
  Setting{"maxQueueWaitMs", "maxQueueWaitMs", "max_request_wait_time", integer, positive,
          [](Settings& s, const Json& v) { s.max_queue_wait_ms = whole(v); }},
  Setting{"livenessProbeRequirements.periodSeconds", "livenessProbeRequirements.periodSeconds", "period_seconds", integer, positive,
          [](Settings& s, const Json& v) { s.probe.period_s = whole(v); }},
  Setting{"livenessProbeRequirements.initialDelaySeconds", "livenessProbeRequirements.initialDelaySeconds", "initial_delay_seconds", integer, positive,
          [](Settings& s, const Json& v) { s.probe.initial_delay_s = whole(v); }},
  Setting{"livenessProbeRequirements.timeoutSeconds", "livenessProbeRequirements.timeoutSeconds", "timeout_seconds", integer, positive,
          [](Settings& s, const Json& v) { s.probe.timeout_s = whole(v); }},
  Setting{"livenessProbeRequirements.successThreshold", "livenessProbeRequirements.successThreshold", "success_threshold", integer, positive,
          [](Settings& s, const Json& v) { s.probe.success_threshold = whole(v); }},
  Setting{"livenessProbeRequirements.failureThreshold", "livenessProbeRequirements.failureThreshold", "failure_threshold", integer, positive,
          [](Settings& s, const Json& v) { s.probe.failure_threshold = whole(v); }},
  Setting{"namespace", "namespace", "namespace", text, none,
          [](Settings& s, const Json& v) { s.kubernetes_namespace = v.get<std::string>(); }},
};
// clang-format on

// What is wrong with the type of a value; empty if nothing.
std::string type_problem(const Json& value, SettingType type) {
  switch (type) {
    case boolean:
      return value.is_boolean() ? "" : fmt::format("must be true or false, is {}", shown(value));
    case text:
      return value.is_string() ? "" : fmt::format("must be a text, is {}", shown(value));
    case number:
      return value.is_number() ? "" : fmt::format("must be a number, is {}", shown(value));
    case integer:
      break;
  }
  double as_real = value.is_number() ? value.get<double>() : 0.5;
  if (as_real != std::floor(as_real)) {
    return fmt::format("must be a whole number, is {}", shown(value));
  }
  bool fits = std::abs(as_real) <= std::numeric_limits<int>::max();
  return fits ? "" : fmt::format("is too large: {}", to_text(value));
}

std::string limit_problem(const Json& value, const Setting& setting) {
  if (setting.limit == positive && !(value.get<double>() > 0)) {
    return fmt::format("{} must be greater than zero, is {}", setting.sdk_name, to_text(value));
  }
  if (setting.limit == not_negative && value.get<double>() < 0) {
    return fmt::format("{} must be greater than or equal to zero, is {}", setting.sdk_name,
                       to_text(value));
  }
  return "";
}

bool is_autoscaler_knob(const Setting& setting) {
  return setting.file_path.starts_with("autoScaler.") && setting.sdk_name != "autoscale_enabled";
}

// Which settings were given together; only the text knows, the struct has defaults in it.
void check_presence(const Json& object, Dialect dialect, std::string_view where,
                    const Settings& settings, Complaints& complaints) {
  const Json* enabled = find_path(object, "autoScaler.autoscaleEnabled");
  bool is_off = enabled != nullptr && *enabled == Json(false);
  bool is_on = enabled != nullptr && *enabled == Json(true);
  if (is_on) {
    complaints.warn(
        place_of(where, "autoScaler.autoscaleEnabled"),
        fmt::format("autoscaling is not offered yet: the service stays at {} (minReplicas)",
                    settings.autoscaler.min_replicas));
  }
  if (is_off && !settings.num_replicas && find_path(object, "numReplicas") == nullptr) {
    complaints.add(place_of(where, "numReplicas"),
                   "autoscale disabled but num_replicas not provided: add numReplicas");
  }
  if (is_on) return;
  for (const Setting& setting : kSettings) {
    if (!is_autoscaler_knob(setting) || find_path(object, setting.path(dialect)) == nullptr)
      continue;
    complaints.add(place_of(where, setting.path(dialect)),
                   fmt::format("{} provided without enabling autoscaling: add "
                               "autoScaler.autoscaleEnabled: true, or leave it out",
                               setting.sdk_name));
  }
}

// A group that is no object is complained about once and hides its members.
void check_groups(const Json& object, std::string_view where, Complaints& complaints) {
  for (std::string_view group : {"autoScaler", "dataCollection", "containerResourceRequirements",
                                 "livenessProbeRequirements"}) {
    const Json* value = find_member(object, group);
    if (value != nullptr) object_or_empty(*value, place_of(where, group), complaints);
  }
}

void warn_unknown_below(const Json& object, const std::string& prefix,
                        const std::set<std::string>& known, std::string_view where,
                        Complaints& complaints) {
  std::vector<std::string_view> here;
  for (const std::string& path : known) {
    std::string_view rest = path;
    if (!rest.starts_with(prefix)) continue;
    rest.remove_prefix(prefix.size());
    here.push_back(rest.substr(0, rest.find('.')));
  }
  std::string place =
      prefix.empty() ? std::string(where) : place_of(where, prefix.substr(0, prefix.size() - 1));
  for (const auto& [key, value] : object.items()) {
    bool is_known = std::ranges::find(here, key) != here.end();
    if (!is_known) warn_unknown_key(place, key, here, complaints);
    bool is_group = std::ranges::any_of(
        known, [&](const std::string& path) { return path.starts_with(prefix + key + "."); });
    if (is_group && value.is_object()) {
      warn_unknown_below(value, prefix + key + ".", known, where, complaints);
    }
  }
}

}  // namespace

std::span<const Setting> all_settings() {
  return kSettings;
}

const Json* find_path(const Json& object, std::string_view path) {
  const Json* value = &object;
  while (value != nullptr && !path.empty()) {
    auto dot = path.find('.');
    value = find_member(*value, path.substr(0, dot));
    path = dot == std::string_view::npos ? std::string_view() : path.substr(dot + 1);
  }
  return value;
}

Json& at_path(Json& object, std::string_view path) {
  Json* value = &object;
  while (!path.empty()) {
    auto dot = path.find('.');
    if (!value->is_object()) *value = Json::object();
    value = &(*value)[std::string(path.substr(0, dot))];
    path = dot == std::string_view::npos ? std::string_view() : path.substr(dot + 1);
  }
  return *value;
}

DeploymentSettings read_settings(const Json& object, Dialect dialect, std::string_view where,
                                 Complaints& complaints) {
  Settings settings;
  check_groups(object, where, complaints);
  std::set<std::string_view> refused;
  for (const Setting& setting : kSettings) {
    const Json* value = find_path(object, setting.path(dialect));
    if (value == nullptr) continue;
    std::string problem = type_problem(*value, setting.type);
    if (problem.empty()) problem = limit_problem(*value, setting);
    if (problem.empty()) {
      setting.set(settings, *value);
    } else {
      complaints.add(place_of(where, setting.path(dialect)), problem);
      refused.insert(setting.sdk_name);
    }
  }
  const Json* enabled = find_path(object, "autoScaler.autoscaleEnabled");
  if (enabled == nullptr) settings.autoscaler.enabled = !settings.num_replicas;
  check_presence(object, dialect, where, settings, complaints);
  check_settings(settings, refused, where, complaints);
  return settings;
}

void warn_unknown_settings(const Json& object, Dialect dialect, std::string_view where,
                           std::span<const std::string_view> others, Complaints& complaints) {
  std::set<std::string> known(others.begin(), others.end());
  for (const Setting& setting : kSettings) known.emplace(setting.path(dialect));
  known.insert("dataCollection.eventHubEnabled");
  if (object.is_object()) warn_unknown_below(object, "", known, where, complaints);
}

}  // namespace tidegate::domain
