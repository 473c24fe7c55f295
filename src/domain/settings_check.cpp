// Checks between settings, and warnings of what is not offered yet.
#include <algorithm>

#include <fmt/format.h>

#include "domain/names.h"
#include "domain/object_reader.h"
#include "domain/settings.h"

namespace tidegate::domain {
namespace {

using Settings = DeploymentSettings;

bool is_kubernetes_namespace(std::string_view name) {
  auto is_plain = [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); };
  return name.size() <= 63 && is_plain(name.front()) && is_plain(name.back()) &&
         std::ranges::all_of(name, [&](char c) { return is_plain(c) || c == '-'; });
}

// Checks between values. A value that was refused left its default behind: comparing that would
// only confuse, so its name is in `refused`.
class CrossCheck {
 public:
  CrossCheck(const Settings& settings, std::string_view where,
             const std::set<std::string_view>& refused, Complaints& complaints)
      : settings_(settings), where_(where), refused_(refused), complaints_(complaints) {}

  void run() {
    check_resources();
    check_replicas();
    check_requests();
    check_auth();
    warn_of_missing_features();
  }

 private:
  bool sound(std::string_view a, std::string_view b) const {
    return !refused_.contains(a) && !refused_.contains(b);
  }
  void add(std::string_view key, std::string what) {
    complaints_.add(place_of(where_, key), std::move(what));
  }
  void warn(std::string_view key, std::string what) {
    complaints_.warn(place_of(where_, key), std::move(what));
  }

  void check_resources() {
    const Resources& resources = settings_.resources;
    if (sound("cpu_cores", "cpu_cores_limit") && resources.cpu_limit &&
        *resources.cpu_limit < resources.cpu) {
      add("containerResourceRequirements.cpuLimit",
          fmt::format("cpu_cores_limit must be greater than or equal to cpu_cores ({}), is {}",
                      resources.cpu, *resources.cpu_limit));
    }
    if (sound("memory_gb", "memory_gb_limit") && resources.memory_gb_limit &&
        *resources.memory_gb_limit < resources.memory_gb) {
      add("containerResourceRequirements.memoryInGBLimit",
          fmt::format("memory_gb_limit must be greater than or equal to memory_gb ({}), is {}",
                      resources.memory_gb, *resources.memory_gb_limit));
    }
  }

  void check_replicas() {
    const AutoScaler& scaler = settings_.autoscaler;
    if (scaler.enabled && settings_.num_replicas) {
      add("numReplicas", "autoscale enabled and num_replicas provided: leave one of them out");
    }
    if (sound("autoscale_min_replicas", "autoscale_max_replicas") && scaler.enabled &&
        scaler.min_replicas > scaler.max_replicas) {
      add("autoScaler.minReplicas",
          fmt::format(
              "autoscale_min_replicas cannot be greater than autoscale_max_replicas ({}), is {}",
              scaler.max_replicas, scaler.min_replicas));
    }
  }

  void check_requests() {
    if (settings_.scoring_timeout_ms > kScoringTimeoutMaxMs) {
      add("scoringTimeoutMs",
          fmt::format("scoring_timeout_ms must be at most {} (5 minutes), is {}",
                      kScoringTimeoutMaxMs, settings_.scoring_timeout_ms));
    }
    const std::string& name = settings_.kubernetes_namespace;
    if (!name.empty() && !is_kubernetes_namespace(name)) {
      add("namespace",
          fmt::format("namespace must be a valid Kubernetes namespace. Regex for validation is "
                      "^[a-z0-9]([a-z0-9-]{{,61}}[a-z0-9])?$; is \"{}\"",
                      name));
    }
  }

  void check_auth() {
    if (!settings_.token_auth_enabled) return;
    if (settings_.auth_enabled) {
      add("authEnabled", "auth_enabled and token_auth_enabled cannot both be true");
    }
    add("tokenAuthEnabled", "tokens are not offered yet: leave it out and use keys");
  }

  void warn_of_missing_features() {
    if (settings_.app_insights_enabled)
      warn("appInsightsEnabled", "not offered yet: nothing is sent");
    if (settings_.resources.gpu.value_or(0) > 0) {
      warn("gpuCores", "no GPU is set aside for a process: it sees all GPUs of the machine");
    }
    if (!settings_.kubernetes_namespace.empty()) {
      warn("namespace", "has no effect on a process target");
    }
  }

  const Settings& settings_;
  std::string_view where_;
  const std::set<std::string_view>& refused_;
  Complaints& complaints_;
};

}  // namespace

void check_settings(const DeploymentSettings& settings, const std::set<std::string_view>& refused,
                    std::string_view where, Complaints& complaints) {
  CrossCheck(settings, where, refused, complaints).run();
}

void check_settings(const DeploymentSettings& settings, std::string_view where,
                    Complaints& complaints) {
  check_settings(settings, {}, where, complaints);
}

}  // namespace tidegate::domain
