#include "base/json.h"

#include <algorithm>

#include <fmt/format.h>

namespace tidegate {
namespace {

std::string line_and_column(std::string_view text, std::size_t offset) {
  offset = std::min(offset, text.size());
  auto head = text.substr(0, offset);
  auto line = 1 + std::count(head.begin(), head.end(), '\n');
  auto line_start = head.rfind('\n');
  auto column = line_start == std::string_view::npos ? offset + 1 : offset - line_start;
  return fmt::format("line {}, column {}", line, column);
}

}  // namespace

Result<Json> parse_json(std::string_view text, std::string_view what) {
  try {
    return Json::parse(text);
  } catch (const Json::parse_error& error) {
    // "[json.exception.parse_error.101] parse error at line 1, column 3: syntax error while ..."
    std::string_view reason = error.what();
    if (auto at = reason.rfind("syntax error"); at != std::string_view::npos) {
      reason.remove_prefix(at);
    }
    auto offset = error.byte > 0 ? error.byte - 1 : 0;
    return fail(Code::invalid,
                fmt::format("{}: {}: {}", what, line_and_column(text, offset), reason));
  }
}

std::string to_text(const Json& value) {
  return value.dump(-1, ' ', /*ensure_ascii=*/false, Json::error_handler_t::replace);
}

std::string to_pretty_text(const Json& value) {
  return value.dump(2, ' ', /*ensure_ascii=*/false, Json::error_handler_t::replace);
}

const Json* find_member(const Json& object, std::string_view name) {
  if (!object.is_object()) return nullptr;
  auto it = object.find(name);
  return it == object.end() || it->is_null() ? nullptr : &*it;
}

std::string text_or(const Json& object, std::string_view name, std::string fallback) {
  const Json* member = find_member(object, name);
  return member != nullptr && member->is_string() ? member->get<std::string>()
                                                  : std::move(fallback);
}

}  // namespace tidegate
