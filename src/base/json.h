#pragma once

#include <string>
#include <string_view>

#include <nlohmann/json.hpp>

#include "base/error.h"

namespace tidegate {

// Members keep the order in which they were written: replies and files stay readable.
using Json = nlohmann::ordered_json;

// The error names line and column: "<what>: line 3, column 14: ...".
Result<Json> parse_json(std::string_view text, std::string_view what);
// Like dump(), but text that is no UTF-8 is replaced instead of thrown at.
std::string to_text(const Json& value);         // compact
std::string to_pretty_text(const Json& value);  // indent 2

// Null and absent are the same here (spec: both mean "use the default").
const Json* find_member(const Json& object, std::string_view name);
std::string text_or(const Json& object, std::string_view name, std::string fallback);

}  // namespace tidegate
