#include "store/values.h"

#include "base/json.h"

namespace tidegate::store {

using Micros = std::chrono::microseconds;

std::int64_t to_micros(WallTime time) {
  return std::chrono::duration_cast<Micros>(time.time_since_epoch()).count();
}

WallTime from_micros(std::int64_t micros) {
  return WallTime(std::chrono::duration_cast<WallTime::duration>(Micros(micros)));
}

std::string map_to_text(const TextMap& map) {
  Json json = Json::object();
  for (const auto& [name, value] : map) json[name] = value;
  return to_text(json);
}

Result<TextMap> map_from_text(std::string_view text) {
  TIDEGATE_TRY(Json json, parse_json(text, "stored map"));
  TextMap map;
  for (const auto& [name, value] : json.items()) {
    if (value.is_string()) map[name] = value.get<std::string>();
  }
  return map;
}

}  // namespace tidegate::store
