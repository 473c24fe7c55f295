#include "control/rest/request.h"

#include "http/head.h"

namespace tidegate::control {

std::string Request::query_value(std::string_view name) const {
  for (const auto& [key, value] : query) {
    if (key == name) return value;
  }
  return {};
}

bool Request::query_flag(std::string_view name) const {
  std::string value = query_value(name);
  return value == "true" || value == "True" || value == "1";
}

std::optional<std::string> Request::header(std::string_view name) const {
  for (const auto& [key, value] : headers) {
    if (http::equal_names(key, name)) return value;
  }
  return std::nullopt;
}

Result<Json> Request::json() const {
  TIDEGATE_TRY(std::string text, body.read_all());
  TIDEGATE_TRY(Json json, parse_json(text, "request body"));
  return json;
}

}  // namespace tidegate::control
