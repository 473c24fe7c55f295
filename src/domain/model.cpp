#include "domain/model.h"

#include <charconv>

#include <fmt/format.h>

#include "domain/names.h"

namespace tidegate::domain {

Result<ModelRef> parse_model_ref(std::string_view text) {
  auto colon = text.rfind(':');
  if (colon == std::string_view::npos) {
    return fail(
        Code::invalid,
        fmt::format("\"{0}\" names no version: write name:version, for example {0}:1", text));
  }
  std::string_view name = text.substr(0, colon);
  std::string_view digits = text.substr(colon + 1);
  int version = 0;
  auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), version);
  bool whole = error == std::errc() && end == digits.data() + digits.size();
  if (!is_model_name(name) || !whole || version < 1) {
    return fail(
        Code::invalid,
        fmt::format("\"{}\" is no model: write name:version with a version of 1 or more", text));
  }
  return ModelRef{.name = std::string(name), .version = version};
}

}  // namespace tidegate::domain
