#pragma once

#include <functional>
#include <map>
#include <string>
#include <string_view>

#include "base/json.h"
#include "domain/complaints.h"
#include "domain/environment.h"

namespace tidegate::domain {

// A conda YAML file, as `python.condaDependencies` of an environment has it.
struct CondaFile {
  Json json;
  std::map<std::string, std::string> origins;  // package line -> "conda.yml:7"
};

// Complaints name `where` (the file) and the line.
CondaFile parse_conda(std::string_view text, std::string_view where, Complaints& complaints);

// Where a value of the conda definition stands, by its path "dependencies[1].pip[0]".
using CondaPlace = std::function<std::string(std::string_view path)>;
// Splits the dependencies into the environment's python_version, conda, pip, channels and origins.
void read_conda(const Json& conda, const CondaPlace& place, Environment& environment,
                Complaints& complaints);

}  // namespace tidegate::domain
