// What a replica is told by its environment variables (spec scoring-runtime.md 7), whatever it runs
// on. Pure functions; a backend calls them in this order and adds what is its own in between.
#pragma once

#include <map>
#include <string>
#include <string_view>

#include "backend/backend.h"

namespace tidegate::backend {

using Variables = std::map<std::string, std::string>;

inline constexpr std::string_view kModelsFolder = "azureml-models";  // in the app root

// Where a replica is, as its process sees it.
struct Place {
  std::string app_root;
  std::string listen;           // http::Address::text()
  std::string startup_error;    // file: why the scoring server gave up
  std::string location;         // COMPUTE_LOCATION
  std::string model_data = {};  // folder of model data; empty: there is none
};

// What the environment's own variables may change.
void add_defaults(const VersionPlan& plan, const Place& place, Variables& out);
// The environment's own variables, but for TIDEGATE_*, which our server lives by.
void add_environments_own(const VersionPlan& plan, Variables& out);
// What nothing changes: TIDEGATE_*, AML_APP_ROOT, and AML_MODEL_DC_STORAGE_ENABLED of a service
// that collects model data.
void add_fixed(const VersionPlan& plan, const Place& place, Variables& out);

// "first:rest", or first if there is no rest.
std::string put_before(const std::string& first, const std::string& rest);
std::string value_or(const Variables& variables, const std::string& name,
                     std::string_view fallback);

// "<service id>.<generation>" -> the service id, the generation (empty if there is none).
std::string service_id_of(std::string_view version_id);
std::string generation_of(std::string_view version_id);

}  // namespace tidegate::backend
