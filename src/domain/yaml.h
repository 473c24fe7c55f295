#pragma once

#include <map>
#include <string>
#include <string_view>

#include "base/error.h"
#include "base/json.h"

namespace tidegate::domain {

struct YamlDocument {
  Json json;
  // Line (from 1) of each value by its path: "dependencies[1].pip[0]".
  std::map<std::string, int> lines;
};

// Plain scalars are typed as PyYAML does for the kinds that JSON has (yes/no are booleans). The
// error names line and column.
Result<YamlDocument> parse_yaml(std::string_view text, std::string_view what);
// A config file may be either. Text that begins like JSON is JSON, unless `what` ends in .yml or
// .yaml.
Result<Json> parse_json_or_yaml(std::string_view text, std::string_view what);

}  // namespace tidegate::domain
