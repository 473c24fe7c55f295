#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "base/error.h"
#include "os/fd.h"

namespace tidegate::app {

// `--name value` pairs of the roles that people do not start by hand. What people type is parsed in
// cli/.
class Flags {
 public:
  // arguments[0] is the role. Unknown names and missing values are errors. Switches have no value.
  static Result<Flags> parse(const std::vector<std::string>& arguments,
                             const std::vector<std::string>& known,
                             const std::vector<std::string>& switches = {});

  const std::string& text(const std::string& name) const;  // empty if absent
  bool has(const std::string& name) const { return values_.contains(name); }
  Result<std::string> required(const std::string& name) const;
  // A whole number from 0 up; `fallback` if absent.
  Result<std::int64_t> number(const std::string& name, std::int64_t fallback) const;
  // "3,4,5": descriptors that the supervisor handed down; made close-on-exec and owned.
  Result<std::vector<os::UniqueFd>> descriptors(const std::string& name) const;

 private:
  std::string role_;
  std::map<std::string, std::string> values_;
};

// "3,4,5", for the other side.
std::string number_list(int first, std::size_t count);

}  // namespace tidegate::app
