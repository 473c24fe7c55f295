#include "domain/names.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>

namespace tidegate::domain {
namespace {

constexpr std::array<std::string_view, 3> kReservedComputes = {"local", "amlcompute",
                                                               "containerinstance"};

bool is_lower(char c) {
  return c >= 'a' && c <= 'z';
}
bool is_digit(char c) {
  return c >= '0' && c <= '9';
}
bool is_letter(char c) {
  return is_lower(c) || (c >= 'A' && c <= 'Z');
}
bool is_alnum(char c) {
  return is_letter(c) || is_digit(c);
}

// How the wrong name is shown: long ones are cut, they may be a whole file by mistake.
std::string shown(std::string_view name) {
  if (name.size() <= 64) return fmt::format("\"{}\"", name);
  return fmt::format("\"{}...\" ({} characters)", name.substr(0, 64), name.size());
}

bool is_reserved_compute(std::string_view name) {
  return std::ranges::find(kReservedComputes, name) != kReservedComputes.end();
}

bool has_compute_form(std::string_view name) {
  return name.size() >= 3 && name.size() <= 24 && is_letter(name.front()) &&
         is_alnum(name.back()) &&
         std::ranges::all_of(name, [](char c) { return is_alnum(c) || c == '-'; });
}

}  // namespace

bool is_service_name(std::string_view name) {
  return name.size() >= 3 && name.size() <= 32 && is_lower(name.front()) && name.back() != '-' &&
         std::ranges::all_of(name, [](char c) { return is_lower(c) || is_digit(c) || c == '-'; });
}

bool is_model_name(std::string_view name) {
  return !name.empty() && name.size() <= 255 && is_alnum(name.front()) &&
         std::ranges::all_of(
             name, [](char c) { return is_alnum(c) || c == '-' || c == '.' || c == '_'; });
}

bool is_compute_name(std::string_view name) {
  return has_compute_form(name) && !is_reserved_compute(name);
}

void check_service_name(std::string_view name, Complaints& complaints) {
  if (is_service_name(name)) return;
  complaints.add("name",
                 fmt::format("{} is no service name: 3 to 32 lower-case letters, digits and "
                             "'-', a letter first and no '-' at the end",
                             shown(name)));
}

void check_model_name(std::string_view name, Complaints& complaints) {
  if (is_model_name(name)) return;
  complaints.add("name", fmt::format("{} is no model name: 1 to 255 letters, digits, '-', '.' and "
                                     "'_', a letter or digit first",
                                     shown(name)));
}

void check_compute_name(std::string_view name, Complaints& complaints) {
  if (is_reserved_compute(name)) {
    complaints.add("name", fmt::format("{} is reserved; choose another name", shown(name)));
    return;
  }
  if (has_compute_form(name)) return;
  complaints.add("name", fmt::format("{} is no compute target name: 3 to 24 letters, digits and "
                                     "'-', a letter first and no '-' at the end",
                                     shown(name)));
}

}  // namespace tidegate::domain
