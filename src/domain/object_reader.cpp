#include "domain/object_reader.h"

#include <algorithm>

#include <fmt/format.h>

namespace tidegate::domain {

std::string place_of(std::string_view where, std::string_view key) {
  if (where.empty()) return std::string(key);
  return fmt::format("{}{}{}", where, where.back() == ':' ? " " : ".", key);
}

std::string shown(const Json& value) {
  if (value.is_string()) {
    std::string text = value.get<std::string>();
    return text.size() <= 64 ? fmt::format("the text \"{}\"", text) : "a long text";
  }
  if (value.is_number()) return "the number " + to_text(value);
  if (value.is_boolean()) return to_text(value);
  if (value.is_array()) return "a list";
  return value.is_null() ? "null" : "an object";
}

const Json& object_or_empty(const Json& value, std::string_view where, Complaints& complaints) {
  static const Json kEmpty = Json::object();
  if (value.is_object()) return value;
  if (!value.is_null()) {
    complaints.add(std::string(where), fmt::format("must be an object, is {}", shown(value)));
  }
  return kEmpty;
}

void warn_unknown_key(std::string_view where, std::string_view key,
                      const std::vector<std::string_view>& known, Complaints& complaints) {
  std::string_view near = suggest(key, known);
  complaints.warn(place_of(where, key),
                  near.empty() ? std::string("unknown key, ignored")
                               : fmt::format("unknown key, ignored; did you mean {}?", near));
}

ObjectReader::ObjectReader(const Json& object, std::string where, Complaints& complaints)
    : object_(object_or_empty(object, where, complaints)),
      where_(std::move(where)),
      complaints_(complaints) {}

std::optional<std::string> ObjectReader::text(std::string_view key) {
  const Json* value = member(key, &Json::is_string, "a text");
  if (value == nullptr) return std::nullopt;
  return value->get<std::string>();
}

std::optional<std::string> ObjectReader::text_or_number(std::string_view key) {
  const Json* value = any(key);
  if (value != nullptr && value->is_number()) return to_text(*value);
  return text(key);
}

std::optional<bool> ObjectReader::boolean(std::string_view key) {
  const Json* value = member(key, &Json::is_boolean, "true or false");
  if (value == nullptr) return std::nullopt;
  return value->get<bool>();
}

const Json* ObjectReader::object(std::string_view key) {
  return member(key, &Json::is_object, "an object");
}

const Json* ObjectReader::list(std::string_view key) {
  return member(key, &Json::is_array, "a list");
}

const Json* ObjectReader::any(std::string_view key) {
  known_.push_back(key);
  return find_member(object_, key);
}

std::vector<std::string> ObjectReader::texts(std::string_view key) {
  std::vector<std::string> out;
  const Json* values = list(key);
  if (values == nullptr) return out;
  for (std::size_t i = 0; i < values->size(); ++i) {
    const Json& value = (*values)[i];
    if (value.is_string()) {
      out.push_back(value.get<std::string>());
    } else {
      complaints_.add(fmt::format("{}[{}]", place(key), i),
                      fmt::format("must be a text, is {}", shown(value)));
    }
  }
  return out;
}

std::map<std::string, std::string> ObjectReader::text_map(std::string_view key) {
  std::map<std::string, std::string> out;
  const Json* values = object(key);
  if (values == nullptr) return out;
  for (const auto& [name, value] : values->items()) {
    if (value.is_string()) {
      out[name] = value.get<std::string>();
    } else if (value.is_number() || value.is_null()) {
      out[name] = value.is_null() ? "" : to_text(value);
    } else {
      complaints_.add(fmt::format("{}.{}", place(key), name),
                      fmt::format("must be a text, is {}", shown(value)));
    }
  }
  return out;
}

void ObjectReader::also_known(std::initializer_list<std::string_view> keys) {
  known_.insert(known_.end(), keys);
}

void ObjectReader::warn_unknown() {
  for (const auto& [key, value] : object_.items()) {
    if (std::ranges::find(known_, key) != known_.end()) continue;
    warn_unknown_key(where_, key, known_, complaints_);
  }
}

const Json* ObjectReader::member(std::string_view key, bool (Json::*is_type)() const noexcept,
                                 std::string_view type) {
  const Json* value = any(key);
  if (value == nullptr) return nullptr;
  if ((value->*is_type)()) return value;
  complaints_.add(place(key), fmt::format("must be {}, is {}", type, shown(*value)));
  return nullptr;
}

}  // namespace tidegate::domain
