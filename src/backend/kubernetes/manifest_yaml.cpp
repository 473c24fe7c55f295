// Manifests as people read them.
#include <algorithm>
#include <array>
#include <cctype>

#include "backend/kubernetes/router_workload.h"

namespace tidegate::backend::kubernetes {
namespace {

// Without quotes only what no YAML reader takes for anything but text.
bool is_plain(std::string_view text) {
  constexpr std::array<std::string_view, 9> kWords = {"true", "false", "null", "yes", "no",
                                                      "on",   "off",   "y",    "n"};
  if (text.empty() || std::isalpha(static_cast<unsigned char>(text[0])) == 0) return false;
  bool is_safe = std::ranges::all_of(text, [](char c) {
    return std::isalnum(static_cast<unsigned char>(c)) != 0 ||
           std::string_view("-_./").find(c) != std::string_view::npos;
  });
  std::string lower(text);
  for (char& c : lower) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return is_safe && std::ranges::find(kWords, lower) == kWords.end();
}

// JSON's escapes are YAML's.
std::string scalar(const Json& value) {
  bool plain = value.is_string() && is_plain(value.get_ref<const std::string&>());
  return plain ? value.get<std::string>() : to_text(value);
}

bool is_block(const Json& value) {
  return value.is_structured() && !value.empty();
}

void write(const Json& value, std::size_t indent, std::string& out);

void write_member(const std::string& key, const Json& value, std::size_t indent, std::string& out) {
  // A key is plain as it is, or in quotes (".dockerconfigjson").
  out += scalar(Json(key)) + ":";
  if (!is_block(value)) {
    out += " " + scalar(value) + "\n";
    return;
  }
  out += "\n";
  // A list stands under its key, not beside it, as kubectl writes it.
  write(value, value.is_array() ? indent : indent + 2, out);
}

void write(const Json& value, std::size_t indent, std::string& out) {
  if (value.is_array()) {
    for (const Json& item : value) {
      out += std::string(indent, ' ') + "- ";
      if (!is_block(item)) {
        out += scalar(item) + "\n";
        continue;
      }
      std::string inner;
      write(item, indent + 2, inner);
      out += inner.substr(indent + 2);  // its first line goes on after the dash
    }
    return;
  }
  for (const auto& [key, member] : value.items()) {
    out += std::string(indent, ' ');
    write_member(key, member, indent, out);
  }
}

}  // namespace

std::string to_yaml(const Json& manifest) {
  std::string text;
  write(manifest, 0, text);
  return text;
}

}  // namespace tidegate::backend::kubernetes
