// The deployment settings as one table: how each is called in a deployment config, in a create
// request and in the SDK, its type and its limit. File and request are read by it, flags are bound
// by it.
#pragma once

#include <set>
#include <span>
#include <string>
#include <string_view>

#include "base/json.h"
#include "domain/complaints.h"
#include "domain/service.h"

namespace tidegate::domain {

enum class SettingType { boolean, integer, number, text };
enum class SettingLimit { none, positive, not_negative };
// Two spellings of the same settings.
enum class Dialect { file, request };

struct Setting {
  std::string_view file_path;     // "autoScaler.minReplicas"
  std::string_view request_path;  // differs from file_path for two of them
  std::string_view sdk_name;      // "autoscale_min_replicas"
  SettingType type;
  SettingLimit limit;
  void (*set)(DeploymentSettings& settings, const Json& value);

  std::string_view path(Dialect dialect) const {
    return dialect == Dialect::file ? file_path : request_path;
  }
};

std::span<const Setting> all_settings();

// The value at a path of dots, null if absent.
const Json* find_path(const Json& object, std::string_view path);
// Creates what is missing on the way.
Json& at_path(Json& object, std::string_view path);

// Settings of `object` with the server's defaults for the rest; checks types, limits, and which may
// be given together (check_settings included). Says nothing about unknown keys.
DeploymentSettings read_settings(const Json& object, Dialect dialect, std::string_view where,
                                 Complaints& complaints);
// As check_settings in service.h, but for the settings named in `refused` (by SDK name): a value
// that was refused left its default behind, and comparing that would only confuse.
void check_settings(const DeploymentSettings& settings, const std::set<std::string_view>& refused,
                    std::string_view where, Complaints& complaints);
// Warns of unknown keys. `others` are known ones that are no settings.
void warn_unknown_settings(const Json& object, Dialect dialect, std::string_view where,
                           std::span<const std::string_view> others, Complaints& complaints);

}  // namespace tidegate::domain
