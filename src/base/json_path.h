// Reading deep inside JSON that others wrote: what is absent, null or of another kind reads as
// nothing.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>

#include "base/json.h"

namespace tidegate {

using JsonPath = std::initializer_list<std::string_view>;  // names of members, from the outside in

const Json* find_at(const Json& object, JsonPath path);     // nullptr: nothing
std::string text_at(const Json& object, JsonPath path);     // "": nothing
std::int64_t number_at(const Json& object, JsonPath path);  // 0: nothing
// A whole number; fallback for everything else.
std::int64_t number_or(const Json& object, std::string_view name, std::int64_t fallback);

}  // namespace tidegate
