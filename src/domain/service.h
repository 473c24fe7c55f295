#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/json.h"
#include "base/secret.h"
#include "domain/complaints.h"
#include "domain/environment.h"
#include "domain/model.h"

namespace tidegate::domain {

struct AutoScaler {
  bool enabled = false;
  int min_replicas = 1;
  int max_replicas = 10;
  int refresh_period_s = 1;
  int target_utilization = 70;  // percent
};

struct Resources {
  double cpu = 0.1;
  double memory_gb = 0.5;
  std::optional<double> cpu_limit;
  std::optional<double> memory_gb_limit;
  std::optional<int> gpu;
};

struct Probe {
  int period_s = 10;
  int initial_delay_s = 310;
  int timeout_s = 2;
  int success_threshold = 1;
  int failure_threshold = 3;
};

// How a service is run: the deployment config, with the server's defaults (spec deploy.md 4.1).
struct DeploymentSettings {
  bool auth_enabled = true;
  bool token_auth_enabled = false;
  bool app_insights_enabled = false;
  bool collect_model_data = false;
  std::optional<int> num_replicas;
  AutoScaler autoscaler;
  Resources resources;
  Probe probe;
  int max_concurrent_per_container = 1;
  int max_queue_wait_ms = 500;
  int scoring_timeout_ms = 60'000;
  std::string kubernetes_namespace;

  // How many replicas run now: numReplicas, or minReplicas until there is an autoscaler.
  int replicas() const { return num_replicas ? *num_replicas : autoscaler.min_replicas; }
};

struct Asset {
  std::string id;
  std::string mime_type;
  bool unpack = false;
};

// What is run: the environmentImageRequest. Changing it (or anything a replica sees) makes a new
// generation.
struct Workload {
  std::string driver_program;  // asset id, or empty: AZUREML_ENTRY_SCRIPT of the environment names
                               // the script
  std::vector<Asset> assets;
  std::vector<ModelRef> models;
  Environment environment;
  // Empty: the script is the user's. Else it is ours for models of this framework, and the
  // environment is no_code_environment().
  std::string framework;

  // A script or an environment was given. Without, framework and environment are to be filled in.
  bool has_code() const {
    return framework.empty() &&
           !(driver_program.empty() && assets.empty() && environment.raw.is_null());
  }
};

enum class ServiceState { transitioning, healthy, unhealthy, unschedulable, failed };
std::string_view state_name(ServiceState state);  // "Transitioning", "Healthy", ...

// What the user asked for, whole.
struct ServiceSpec {
  std::string workspace;
  std::string name;
  std::string compute_name;
  std::string compute_type = "AKS";
  std::string description;
  std::map<std::string, std::string> tags;
  std::map<std::string, std::string> properties;
  DeploymentSettings settings;
  Workload workload;
};

struct Keys {
  Secret primary;
  Secret secondary;
};

// A deployed service. `spec` is what runs (or is being made to run) as generation `generation`.
struct Service {
  std::string id;  // unique for ever, survives updates, not deletion
  ServiceSpec spec;
  int generation = 1;
  Keys keys;
  ServiceState state = ServiceState::transitioning;
  std::string error;  // JSON text of the last failure, empty if none
  std::string operation_id;
  WallTime created;
  WallTime updated;
};

// The body of POST /services (spec deploy.md 6, "Payload"). Collects all complaints; keys are named
// as in the request. Null and absent are the same.
ServiceSpec parse_service_request(const Json& request, Complaints& complaints);
// The same body, written again: every member, with the server's defaults filled in and without
// keys.
Json to_request(const ServiceSpec& spec);
// `keys` of a request or config: both empty (generate them) unless a primary key is given.
Keys parse_keys(const Json& keys, std::string_view where, Complaints& complaints);
// JSON Patch of PATCH /services/{name} (spec deploy.md 8) applied to a copy of the spec; replace on
// a missing member is an upsert.
ServiceSpec patch_service(const ServiceSpec& current, const Json& patch, Complaints& complaints);
// Whether replicas must be replaced (workload, resources, environment...) or only the routing table
// changes.
bool needs_new_replicas(const ServiceSpec& from, const ServiceSpec& to);
// Checks between values: numReplicas with autoscaling, min above max, ... `where` names the source.
void check_settings(const DeploymentSettings& settings, std::string_view where,
                    Complaints& complaints);

// Storage form, lossless; not the REST form.
Json to_json(const ServiceSpec& spec);
Result<ServiceSpec> service_spec_from_json(const Json& json);

}  // namespace tidegate::domain
