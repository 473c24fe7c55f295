#include "archive/ignore_rules.h"

#include <span>

namespace tidegate::archive {
namespace {

std::vector<std::string_view> split(std::string_view path) {
  std::vector<std::string_view> parts;
  while (!path.empty()) {
    auto slash = path.find('/');
    if (slash != 0) parts.push_back(path.substr(0, slash));
    path = slash == std::string_view::npos ? std::string_view() : path.substr(slash + 1);
  }
  return parts;
}

// Trailing blanks do not count unless the last of them is escaped.
std::string_view without_trailing_blanks(std::string_view line) {
  while (line.ends_with(' ') || line.ends_with('\t') || line.ends_with('\r')) {
    if (line.size() >= 2 && line[line.size() - 2] == '\\') break;
    line.remove_suffix(1);
  }
  return line;
}

// One `[...]` at the start of `pattern`; moves behind it. Without an end it matches nothing.
bool match_class(std::string_view& pattern, char c) {
  std::size_t i = 1;
  bool negated = i < pattern.size() && (pattern[i] == '!' || pattern[i] == '^');
  if (negated) ++i;
  bool found = false;
  for (bool first = true; i < pattern.size() && (first || pattern[i] != ']'); first = false) {
    if (pattern[i] == '\\' && i + 1 < pattern.size()) ++i;
    char low = pattern[i++];
    char high = low;
    if (i + 1 < pattern.size() && pattern[i] == '-' && pattern[i + 1] != ']') {
      high = pattern[i + 1];
      i += 2;
    }
    if (low <= c && c <= high) found = true;
  }
  if (i >= pattern.size()) return false;
  pattern.remove_prefix(i + 1);
  return found != negated;
}

// Whether the first element of `pattern` takes `c`; moves behind that element.
bool match_one(std::string_view& pattern, char c) {
  if (pattern[0] == '[') return match_class(pattern, c);
  if (pattern[0] == '\\' && pattern.size() > 1)
    pattern.remove_prefix(1);
  else if (pattern[0] == '?') {
    pattern.remove_prefix(1);
    return true;
  }
  bool same = pattern[0] == c;
  pattern.remove_prefix(1);
  return same;
}

// Within one name. Goes back to the last '*' only, so a pattern of many stars stays cheap.
bool match_name(std::string_view pattern, std::string_view name) {
  std::string_view after_star;
  std::size_t star_at = 0;
  bool has_star = false;
  std::size_t at = 0;
  while (at < name.size()) {
    if (pattern.starts_with('*')) {
      pattern.remove_prefix(1);
      has_star = true;
      after_star = pattern;
      star_at = at;
      continue;
    }
    if (!pattern.empty() && match_one(pattern, name[at])) {
      ++at;
      continue;
    }
    if (!has_star) return false;
    pattern = after_star;
    at = ++star_at;
  }
  while (pattern.starts_with('*')) pattern.remove_prefix(1);
  return pattern.empty();
}

using Parts = std::span<const std::string>;
using Names = std::span<const std::string_view>;

// `**` stands for any number of folders, at the end for everything inside.
bool match_path(Parts parts, Names names) {
  // reached[j]: the parts so far match exactly the first j names.
  std::vector<bool> reached(names.size() + 1, false);
  reached[0] = true;
  for (std::size_t i = 0; i < parts.size(); ++i) {
    std::vector<bool> next(names.size() + 1, false);
    bool any = parts[i] == "**";
    bool at_end = i + 1 == parts.size();
    for (std::size_t j = 0; j <= names.size(); ++j) {
      if (any) {
        next[j] = (j > 0 && next[j - 1]) || (at_end ? j > 0 && reached[j - 1] : reached[j]);
      } else {
        next[j] = j > 0 && reached[j - 1] && match_name(parts[i], names[j - 1]);
      }
    }
    reached = std::move(next);
  }
  return reached[names.size()];
}

}  // namespace

IgnoreRules::IgnoreRules(std::string_view text) {
  if (text.starts_with("\xef\xbb\xbf")) text.remove_prefix(3);
  while (!text.empty()) {
    auto end = text.find('\n');
    add_line(text.substr(0, end));
    text = end == std::string_view::npos ? std::string_view() : text.substr(end + 1);
  }
}

void IgnoreRules::add_line(std::string_view line) {
  line = without_trailing_blanks(line);
  if (line.empty() || line.starts_with('#')) return;
  Rule rule{.written = std::string(line)};
  if (line.starts_with('!')) {
    rule.keeps = true;
    line.remove_prefix(1);
  }
  if (line.ends_with('/')) {
    rule.folders_only = true;
    line.remove_suffix(1);
  }
  rule.at_any_depth = line.find('/') == std::string_view::npos;
  for (std::string_view part : split(line)) rule.parts.emplace_back(part);
  if (!rule.parts.empty()) rules_.push_back(std::move(rule));
}

bool IgnoreRules::matches(const Rule& rule, const std::vector<std::string_view>& path,
                          bool is_folder) {
  if (rule.folders_only && !is_folder) return false;
  if (rule.at_any_depth) return match_name(rule.parts[0], path.back());
  return match_path(rule.parts, path);
}

std::string_view IgnoreRules::ignored_by(std::string_view path, bool is_folder) const {
  auto names = split(path);
  if (names.empty()) return {};
  for (auto rule = rules_.rbegin(); rule != rules_.rend(); ++rule) {
    if (!matches(*rule, names, is_folder)) continue;
    return rule->keeps ? std::string_view() : std::string_view(rule->written);
  }
  return {};
}

}  // namespace tidegate::archive
