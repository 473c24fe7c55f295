#include "cli/flag_set.h"

#include <algorithm>

namespace tidegate::cli {

std::string Flag::label() const {
  std::string label = names;
  std::ranges::replace(label, ',', '/');
  return label;
}

Flag& FlagSet::text(std::string names, std::string value_name, std::string help,
                    std::optional<std::string>& out) {
  Flag& flag = add(
      {.names = std::move(names), .value_name = std::move(value_name), .help = std::move(help)});
  flag.text = &out;
  return flag;
}

Flag& FlagSet::texts(std::string names, std::string value_name, std::string help,
                     std::vector<std::string>& out) {
  Flag& flag = add(
      {.names = std::move(names), .value_name = std::move(value_name), .help = std::move(help)});
  flag.texts = &out;
  return flag;
}

Flag& FlagSet::toggle(std::string names, std::string help, bool& out) {
  Flag& flag = add({.names = std::move(names), .help = std::move(help)});
  flag.toggle = &out;
  return flag;
}

Flag& FlagSet::keyed(std::string names, std::string value_name, std::string help, std::string key,
                     std::map<std::string, std::string>& out) {
  Flag& flag = add(
      {.names = std::move(names), .value_name = std::move(value_name), .help = std::move(help)});
  flag.key = std::move(key);
  flag.keyed = &out;
  return flag;
}

void FlagSet::accepted(std::string names, std::string value_name, std::string note) {
  add({.names = std::move(names), .value_name = std::move(value_name)}).note = std::move(note);
}

void FlagSet::refused(std::string names, std::string value_name, std::string why) {
  add({.names = std::move(names), .value_name = std::move(value_name)}).refusal = std::move(why);
}

Flag& FlagSet::add(Flag flag) {
  flag.group = group_;
  return flags_.emplace_back(std::move(flag));
}

std::vector<std::string> names_of(const Flag& flag) {
  std::vector<std::string> names;
  std::string_view rest = flag.names;
  while (!rest.empty()) {
    auto comma = rest.find(',');
    names.emplace_back(rest.substr(0, comma));
    rest = comma == std::string_view::npos ? std::string_view() : rest.substr(comma + 1);
  }
  return names;
}

}  // namespace tidegate::cli
