#include "cli/help.h"

#include <algorithm>

#include <fmt/format.h>

namespace tidegate::cli {
namespace {

constexpr std::size_t kWidth = 100;
constexpr std::size_t kNamesWidth = 34;

// Words of `text` in lines that begin at column `indent`; the first line is begun already.
std::string wrapped(std::string_view text, std::size_t indent) {
  std::string out;
  std::size_t column = indent;
  while (!text.empty()) {
    std::string_view word = text.substr(0, text.find(' '));
    text.remove_prefix(std::min(word.size() + 1, text.size()));
    if (column > indent && column + 1 + word.size() > kWidth) {
      out += fmt::format("\n{:{}}", "", indent);
      column = indent;
    }
    if (column > indent) {
      out += ' ';
      ++column;
    }
    out += word;
    column += word.size();
  }
  return out;
}

std::string line_of(const Flag& flag) {
  std::string names;
  for (const std::string& name : names_of(flag)) names += (names.empty() ? "" : ", ") + name;
  if (!flag.is_switch()) names += " " + flag.value_name;
  std::string help = flag.is_required ? flag.help + " (required)" : flag.help;
  if (flag.texts != nullptr) help += " (may be repeated)";
  std::string head = fmt::format("  {:<{}}", names, kNamesWidth - 2);
  if (head.size() > kNamesWidth || names.size() > kNamesWidth - 4) {
    head = fmt::format("  {}\n{:{}}", names, "", kNamesWidth);
  }
  return head + wrapped(help, kNamesWidth) + "\n";
}

// Flags of old scripts, by their longest names in one paragraph.
std::string paragraph(const FlagSet& flags, std::string_view heading, std::string Flag::* reason) {
  std::string names;
  for (const Flag& flag : flags.all()) {
    if ((flag.*reason).empty()) continue;
    names += (names.empty() ? "" : ", ") + names_of(flag).back();
  }
  return names.empty() ? "" : fmt::format("\n{}\n  {}\n", heading, wrapped(names, 2));
}

}  // namespace

std::string help_of(const Command& command, const FlagSet& flags) {
  std::string text =
      fmt::format("{}\n\nusage: tidegate {} {}\n", command.purpose, command.path, command.usage);
  std::string group;
  for (const Flag& flag : flags.all()) {
    if (!flag.note.empty() || !flag.refusal.empty()) continue;
    if (flag.group != group) text += fmt::format("\n{}:\n", flag.group);
    group = flag.group;
    text += line_of(flag);
  }
  text += paragraph(flags, "Accepted for old scripts, without effect:", &Flag::note);
  text += paragraph(flags, "Not offered yet:", &Flag::refusal);
  text += "\nExample:\n";
  std::string_view example = command.example;
  while (!example.empty()) {
    std::string_view line = example.substr(0, example.find('\n'));
    example.remove_prefix(std::min(line.size() + 1, example.size()));
    text += fmt::format("  {}\n", line);
  }
  return text;
}

std::string overview(std::span<const Command* const> commands, std::string_view prefix) {
  std::string text;
  for (const Command* command : commands) {
    if (!command->path.starts_with(prefix)) continue;
    text += fmt::format("  {:<34}{}\n", command->path, command->purpose);
  }
  return text;
}

}  // namespace tidegate::cli
