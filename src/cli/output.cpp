#include "cli/output.h"

#include <algorithm>

#include <fmt/format.h>

namespace tidegate::cli {
namespace {

std::vector<Json> rows_of(const Json& value) {
  if (value.is_array()) return {value.begin(), value.end()};
  return {value};
}

bool is_time(const std::string& text) {
  return text.size() > 19 && text[4] == '-' && text[10] == 'T' && text[13] == ':' &&
         text[16] == ':';
}

std::string cell(const Json& value) {
  if (value.is_null()) return "";
  if (!value.is_string()) return to_text(value);
  std::string text = value.get<std::string>();
  std::ranges::replace(text, '\t', ' ');
  std::ranges::replace(text, '\n', ' ');
  return is_time(text) ? text.substr(0, 19) : text;
}

Json member_or_null(const Json& row, std::string_view name) {
  const Json* member = find_member(row, name);
  return member == nullptr ? Json() : *member;
}

// "scoringUri" -> "ScoringUri".
std::string heading(std::string_view name) {
  std::string text(name);
  if (!text.empty() && text[0] >= 'a' && text[0] <= 'z')
    text[0] = static_cast<char>(text[0] - 'a' + 'A');
  return text;
}

std::string table_line(const std::vector<std::string>& cells,
                       const std::vector<std::size_t>& widths) {
  std::string line;
  for (std::size_t i = 0; i < cells.size(); ++i)
    line += fmt::format("{:<{}}  ", cells[i], widths[i]);
  line.erase(line.find_last_not_of(' ') + 1);
  return line + "\n";
}

}  // namespace

std::string as_table(const Json& value, const std::vector<std::string_view>& columns) {
  std::vector<Json> rows = rows_of(value);
  if (rows.empty()) return "";
  std::vector<std::string> names(columns.begin(), columns.end());
  if (names.empty()) {
    for (const auto& [name, member] : rows[0].items()) names.push_back(name);
  }
  std::vector<std::vector<std::string>> lines(2);
  for (const std::string& name : names) lines[0].push_back(heading(name));
  for (const Json& row : rows) {
    auto& line = lines.emplace_back();
    for (const std::string& name : names) line.push_back(cell(member_or_null(row, name)));
  }
  std::vector<std::size_t> widths(names.size(), 0);
  for (const auto& line : lines) {
    for (std::size_t i = 0; i < line.size(); ++i) widths[i] = std::max(widths[i], line[i].size());
  }
  for (std::size_t width : widths) lines[1].emplace_back(width, '-');
  std::string text;
  for (const auto& line : lines) text += table_line(line, widths);
  return text;
}

std::string as_tsv(const Json& value) {
  std::string text;
  for (const Json& row : rows_of(value)) {
    if (!row.is_object()) {
      text += cell(row) + "\n";
      continue;
    }
    std::string line;
    for (const auto& [name, member] : row.items())
      line += (line.empty() ? "" : "\t") + cell(member);
    text += line + "\n";
  }
  return text;
}

void print(Console& console, const Json& value, Format format,
           const std::vector<std::string_view>& columns) {
  switch (format) {
    case Format::none:
      return;
    case Format::json:
      return console.result(to_pretty_text(value));
    case Format::table: {
      std::string text = as_table(value, columns);
      if (!text.empty()) console.result(text);
      return;
    }
    case Format::tsv: {
      std::string text = as_tsv(value);
      if (!text.empty()) console.result(text);
      return;
    }
  }
}

}  // namespace tidegate::cli
