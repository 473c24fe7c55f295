#pragma once

#include <map>
#include <string>
#include <string_view>

namespace tidegate::control {

// The platform's filter for maps: "k=v,k2" asks for k with that value and for k2 with any.
bool matches_map_filter(std::string_view filter, const std::map<std::string, std::string>& map);

}  // namespace tidegate::control
