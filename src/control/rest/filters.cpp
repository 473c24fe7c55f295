#include "control/rest/filters.h"

namespace tidegate::control {

bool matches_map_filter(std::string_view filter, const std::map<std::string, std::string>& map) {
  while (!filter.empty()) {
    std::string_view one = filter.substr(0, filter.find(','));
    filter.remove_prefix(std::min(filter.size(), one.size() + 1));
    auto equals = one.find('=');
    auto found = map.find(std::string(one.substr(0, equals)));
    if (found == map.end()) return false;
    if (equals != std::string_view::npos && found->second != one.substr(equals + 1)) return false;
  }
  return true;
}

}  // namespace tidegate::control
