#include "domain/service.h"

namespace tidegate::domain {
namespace {

bool same(const Asset& a, const Asset& b) {
  return a.id == b.id && a.mime_type == b.mime_type && a.unpack == b.unpack;
}

bool same(const Workload& a, const Workload& b) {
  if (a.assets.size() != b.assets.size()) return false;
  for (std::size_t i = 0; i < a.assets.size(); ++i) {
    if (!same(a.assets[i], b.assets[i])) return false;
  }
  return a.driver_program == b.driver_program && a.models == b.models &&
         a.framework == b.framework && a.environment.raw == b.environment.raw;
}

bool same(const Resources& a, const Resources& b) {
  return a.cpu == b.cpu && a.memory_gb == b.memory_gb && a.cpu_limit == b.cpu_limit &&
         a.memory_gb_limit == b.memory_gb_limit && a.gpu == b.gpu;
}

bool same(const Probe& a, const Probe& b) {
  return a.period_s == b.period_s && a.initial_delay_s == b.initial_delay_s &&
         a.timeout_s == b.timeout_s && a.success_threshold == b.success_threshold &&
         a.failure_threshold == b.failure_threshold;
}

}  // namespace

std::string_view state_name(ServiceState state) {
  switch (state) {
    case ServiceState::transitioning:
      return "Transitioning";
    case ServiceState::healthy:
      return "Healthy";
    case ServiceState::unhealthy:
      return "Unhealthy";
    case ServiceState::unschedulable:
      return "Unschedulable";
    case ServiceState::failed:
      return "Failed";
  }
  return "Failed";
}

bool needs_new_replicas(const ServiceSpec& from, const ServiceSpec& to) {
  const DeploymentSettings& a = from.settings;
  const DeploymentSettings& b = to.settings;
  // The replica itself holds the limits of requests and time, so that they are exact.
  return from.compute_name != to.compute_name || !same(from.workload, to.workload) ||
         !same(a.resources, b.resources) || !same(a.probe, b.probe) ||
         a.max_concurrent_per_container != b.max_concurrent_per_container ||
         a.scoring_timeout_ms != b.scoring_timeout_ms ||
         a.collect_model_data != b.collect_model_data ||
         a.kubernetes_namespace != b.kubernetes_namespace;
}

}  // namespace tidegate::domain
