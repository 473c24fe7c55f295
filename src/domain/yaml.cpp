#include "domain/yaml.h"

#include <charconv>
#include <optional>

#include <fmt/format.h>
#include <yaml-cpp/yaml.h>

namespace tidegate::domain {
namespace {

// Aliases are expanded, so a small file can name an enormous value.
constexpr std::size_t kValuesMax = 100'000;
constexpr int kDepthMax = 64;

std::string at(std::string_view what, const YAML::Mark& mark) {
  if (mark.is_null()) return std::string(what);
  return fmt::format("{}: line {}, column {}", what, mark.line + 1, mark.column + 1);
}

template <class Number>
std::optional<Json> as_number(std::string_view text) {
  if (text.starts_with('+')) text.remove_prefix(1);
  Number value{};
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return Json(value);
}

// "0123" is a text: some read it as octal, some as decimal.
bool may_be_number(std::string_view text) {
  if (text.starts_with('-') || text.starts_with('+')) text.remove_prefix(1);
  if (text.empty() || text.find_first_not_of("0123456789.eE+-") != std::string_view::npos)
    return false;
  if (text[0] < '0' || text[0] > '9') return false;
  return text.size() == 1 || text[0] != '0' || text[1] == '.' || text[1] == 'e' || text[1] == 'E';
}

Json plain_scalar(const std::string& text) {
  for (const char* word : {"", "~", "null", "Null", "NULL"}) {
    if (text == word) return nullptr;
  }
  for (const char* word : {"true", "True", "TRUE", "yes", "Yes", "YES", "on", "On", "ON"}) {
    if (text == word) return true;
  }
  for (const char* word : {"false", "False", "FALSE", "no", "No", "NO", "off", "Off", "OFF"}) {
    if (text == word) return false;
  }
  if (!may_be_number(text)) return text;
  if (auto whole = as_number<std::int64_t>(text)) return *whole;
  if (auto real = as_number<double>(text)) return *real;
  return text;
}

class Converter {
 public:
  Converter(std::string_view what, YamlDocument& out) : what_(what), out_(out) {}

  Result<Json> convert(const YAML::Node& node, const std::string& path, int depth) {
    if (depth > kDepthMax) return fail(Code::invalid, at(what_, node.Mark()) + ": nested too deep");
    if (++count_ > kValuesMax)
      return fail(Code::invalid, fmt::format("{}: too many values", what_));
    out_.lines.emplace(path, node.Mark().line + 1);
    if (node.IsMap()) return convert_map(node, path, depth);
    if (node.IsSequence()) return convert_list(node, path, depth);
    if (!node.IsScalar()) return Json(nullptr);
    // yaml-cpp: "?" is a plain scalar, "!" a quoted one, others are explicit tags.
    return node.Tag() == "?" ? plain_scalar(node.Scalar()) : Json(node.Scalar());
  }

 private:
  Result<Json> convert_map(const YAML::Node& node, const std::string& path, int depth) {
    Json object = Json::object();
    for (const auto& member : node) {
      if (!member.first.IsScalar()) {
        return fail(Code::invalid, at(what_, member.first.Mark()) + ": a key must be a text");
      }
      const std::string& key = member.first.Scalar();
      if (object.contains(key)) {
        return fail(Code::invalid, fmt::format("{}: the key {} is given twice",
                                               at(what_, member.first.Mark()), key));
      }
      TIDEGATE_TRY(object[key],
                   convert(member.second, path.empty() ? key : path + "." + key, depth + 1));
    }
    return object;
  }

  Result<Json> convert_list(const YAML::Node& node, const std::string& path, int depth) {
    Json list = Json::array();
    for (std::size_t i = 0; i < node.size(); ++i) {
      TIDEGATE_TRY(Json value, convert(node[i], fmt::format("{}[{}]", path, i), depth + 1));
      list.push_back(std::move(value));
    }
    return list;
  }

  std::string_view what_;
  YamlDocument& out_;
  std::size_t count_ = 0;
};

}  // namespace

Result<YamlDocument> parse_yaml(std::string_view text, std::string_view what) {
  try {
    YAML::Node root = YAML::Load(std::string(text));
    YamlDocument document;
    TIDEGATE_TRY(document.json, Converter(what, document).convert(root, "", 0));
    return document;
  } catch (const YAML::Exception& error) {
    return fail(Code::invalid, fmt::format("{}: {}", at(what, error.mark), error.msg));
  }
}

Result<Json> parse_json_or_yaml(std::string_view text, std::string_view what) {
  auto begin = text.find_first_not_of(" \t\r\n");
  if (begin == std::string_view::npos) {
    return fail(Code::invalid, fmt::format("{}: the file is empty", what));
  }
  // JSON with a mistake is often YAML with another meaning, so only a name may ask for that.
  bool is_json = (text[begin] == '{' || text[begin] == '[') && !what.ends_with(".yml") &&
                 !what.ends_with(".yaml");
  Json json;
  if (is_json) {
    TIDEGATE_TRY(json, parse_json(text, what));
  } else {
    TIDEGATE_TRY(YamlDocument document, parse_yaml(text, what));
    json = std::move(document.json);
  }
  if (json.is_object()) return json;
  return fail(Code::invalid,
              fmt::format("{}: must be JSON or YAML with keys and values at the top", what));
}

}  // namespace tidegate::domain
