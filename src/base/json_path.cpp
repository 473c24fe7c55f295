#include "base/json_path.h"

namespace tidegate {
namespace {

std::int64_t whole_or(const Json* value, std::int64_t fallback) {
  return value != nullptr && value->is_number_integer() ? value->get<std::int64_t>() : fallback;
}

}  // namespace

const Json* find_at(const Json& object, JsonPath path) {
  const Json* found = &object;
  for (std::string_view name : path) {
    found = find_member(*found, name);
    if (found == nullptr) return nullptr;
  }
  return found;
}

std::string text_at(const Json& object, JsonPath path) {
  const Json* found = find_at(object, path);
  return found != nullptr && found->is_string() ? found->get<std::string>() : "";
}

std::int64_t number_at(const Json& object, JsonPath path) {
  return whole_or(find_at(object, path), 0);
}

std::int64_t number_or(const Json& object, std::string_view name, std::int64_t fallback) {
  return whole_or(find_member(object, name), fallback);
}

}  // namespace tidegate
