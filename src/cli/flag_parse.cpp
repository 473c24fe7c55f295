#include "cli/flag_parse.h"

#include <algorithm>
#include <deque>
#include <map>
#include <set>

#include <fmt/format.h>
#include <CLI/CLI.hpp>

namespace tidegate::cli {
namespace {

bool is_short_word(std::string_view name) {  // "-ct", not "-n", not "--name"
  return name.size() > 2 && name[0] == '-' && name[1] != '-';
}

// Names as CLI11 takes them: one letter with one dash, everything else with two.
std::string parser_names(const Flag& flag) {
  std::string out;
  for (const std::string& name : names_of(flag)) {
    if (!out.empty()) out += ',';
    out += is_short_word(name) ? "-" + name : name;
  }
  return out;
}

// What CLI11 fills, and the flag it belongs to.
struct Slot {
  const Flag* flag;
  CLI::Option* option = nullptr;
  std::vector<std::string> values;
  bool on = false;
};

void declare(CLI::App& app, Slot& slot) {
  std::string names = parser_names(*slot.flag);
  if (slot.flag->is_switch()) {
    slot.option = app.add_flag(names, slot.on);
    return;
  }
  slot.option = app.add_option(names, slot.values);
  slot.option->expected(1)->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
}

void take(const Slot& slot, Console& console, domain::Complaints& complaints) {
  const Flag& flag = *slot.flag;
  if (slot.option->count() == 0) {
    if (flag.is_required) complaints.add(flag.label(), "is required");
    return;
  }
  if (!flag.refusal.empty()) return complaints.add(flag.label(), flag.refusal);
  if (!flag.note.empty()) return console.note(fmt::format("{}: {}", flag.label(), flag.note));
  if (flag.toggle != nullptr) *flag.toggle = slot.on;
  if (flag.is_switch()) return;
  // Given twice, the last one counts, as with other commands.
  if (flag.text != nullptr) *flag.text = slot.values.back();
  if (flag.texts != nullptr) *flag.texts = slot.values;
  if (flag.keyed != nullptr) (*flag.keyed)[flag.key] = slot.values.back();
}

void complain_of_unknown(const FlagSet& flags, const std::vector<std::string>& unknown,
                         domain::Complaints& complaints) {
  std::vector<std::string> names;
  for (const Flag& flag : flags.all()) std::ranges::move(names_of(flag), std::back_inserter(names));
  std::vector<std::string_view> candidates(names.begin(), names.end());
  bool after_unknown_flag = false;
  for (const std::string& word : unknown) {
    if (!word.starts_with('-')) {
      // Probably the value of the unknown flag before it.
      if (!after_unknown_flag) complaints.add(word, "is no flag, and no value was expected here");
      after_unknown_flag = false;
      continue;
    }
    after_unknown_flag = true;
    std::string name = word.substr(0, word.find('='));
    std::string_view near = domain::suggest(name, candidates);
    complaints.add(name, near.empty() ? std::string("unknown flag; see --help")
                                      : fmt::format("unknown flag; did you mean {}?", near));
  }
}

bool is_number(std::string_view word) {  // "-1", "-.5"
  return word.size() > 1 && (word[1] == '.' || (word[1] >= '0' && word[1] <= '9'));
}

// The parser takes the next flag for the value: "-n -ct myaks" would be a name. Whoever means a
// value with a dash writes "--name=-x". Whether all have one.
bool have_values(const FlagSet& flags, const std::vector<std::string>& words,
                 domain::Complaints& complaints) {
  std::map<std::string, std::string> labels;  // of flags with a value, by the parser's names
  for (const Flag& flag : flags.all()) {
    if (flag.is_switch()) continue;
    for (const std::string& name : names_of(flag)) {
      labels.emplace(is_short_word(name) ? "-" + name : name, flag.label());
    }
  }
  bool all = true;
  for (std::size_t i = 0; i + 1 < words.size(); ++i) {
    auto flag = labels.find(words[i]);
    if (flag == labels.end()) continue;
    const std::string& value = words[i + 1];
    if (value.size() > 1 && value.starts_with('-') && !is_number(value)) {
      complaints.add(flag->second, "needs a value");
      all = false;
    } else {
      ++i;
    }
  }
  return all;
}

// text: "--name: 1 required TEXT missing".
void complain_of_missing_value(const FlagSet& flags, std::string_view text,
                               domain::Complaints& complaints) {
  std::string name(text.substr(0, text.find(':')));
  for (const Flag& flag : flags.all()) {
    std::string names = "," + parser_names(flag) + ",";
    if (names.find("," + name + ",") != std::string::npos) name = flag.label();
  }
  complaints.add(name, "needs a value");
}

}  // namespace

std::vector<std::string> normalised(const FlagSet& flags,
                                    const std::vector<std::string>& arguments) {
  std::set<std::string> short_words;
  for (const Flag& flag : flags.all()) {
    for (std::string& name : names_of(flag)) {
      if (is_short_word(name)) short_words.insert(std::move(name));
    }
  }
  std::vector<std::string> out;
  for (std::string word : arguments) {
    auto name_end = std::min(word.find('='), word.size());
    if (word.starts_with("--")) {
      std::replace(word.begin(), word.begin() + static_cast<std::ptrdiff_t>(name_end), '_', '-');
    } else if (short_words.contains(word.substr(0, name_end))) {
      word.insert(0, "-");
    }
    out.push_back(std::move(word));
  }
  return out;
}

void parse_flags(const FlagSet& flags, const std::vector<std::string>& arguments, Console& console,
                 domain::Complaints& complaints) {
  CLI::App app;
  app.set_help_flag();
  app.allow_extras();
  std::deque<Slot> slots;  // stays where it is: CLI11 keeps pointers
  for (const Flag& flag : flags.all()) declare(app, slots.emplace_back(Slot{.flag = &flag}));
  std::vector<std::string> reversed = normalised(flags, arguments);
  if (!have_values(flags, reversed, complaints)) return;
  std::ranges::reverse(reversed);  // CLI11 takes them from the back
  try {
    app.parse(std::move(reversed));
  } catch (const CLI::ArgumentMismatch& error) {
    complain_of_missing_value(flags, error.what(), complaints);
    return;
  } catch (const CLI::ParseError& error) {
    complaints.add("", error.what());
    return;
  }
  complain_of_unknown(flags, app.remaining(), complaints);
  for (const Slot& slot : slots) take(slot, console, complaints);
}

bool wants_help(const std::vector<std::string>& arguments) {
  return std::ranges::any_of(
      arguments, [](const std::string& word) { return word == "--help" || word == "-h"; });
}

}  // namespace tidegate::cli
