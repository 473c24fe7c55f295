#pragma once

#include <optional>
#include <string>

#include "base/json.h"
#include "domain/complaints.h"
#include "os/file.h"

namespace tidegate::cli {

// A config file as the user named it, or none.
struct ConfigFile {
  std::string where;  // begins its complaints: "inferenceconfig.json:"; empty: there is no file
  os::Path folder;    // absolute, where the file lies
  Json json = Json::object();
};

// `name` as typed, relative to `folder`. What cannot be read is a complaint about `flag`.
std::optional<ConfigFile> read_config(const std::string& name, const std::string& flag,
                                      const os::Path& folder, domain::Complaints& complaints);

// The text of a file, or a complaint of `where` that says what is wrong with it (not there, a
// folder, ...).
std::optional<std::string> read_text(const os::Path& path, const std::string& shown,
                                     const std::string& where, domain::Complaints& complaints);

// "a and b"
std::string both(const os::Path& a, const os::Path& b);

}  // namespace tidegate::cli
