#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace tidegate::cli {

// One flag of a command and where its value goes. Exactly one target is set, or none for flags that
// are only accepted or refused.
struct Flag {
  std::string names;  // "-n,--name", "-ct,--compute-target"; one dash or two make no difference
  std::string value_name;  // "NAME"; empty for a switch
  std::string help;
  std::string group = "Other flags";
  bool is_required = false;

  std::optional<std::string>* text = nullptr;
  std::vector<std::string>* texts = nullptr;  // may be repeated
  bool* toggle = nullptr;
  std::map<std::string, std::string>* keyed = nullptr;  // (*keyed)[key] = value
  std::string key;

  std::string note;     // accepted without effect: what is said about it
  std::string refusal;  // not offered: why, and what instead

  bool is_switch() const { return value_name.empty(); }
  std::string label() const;  // "-n/--name", for messages
  Flag& required() {
    is_required = true;
    return *this;
  }
};

// The flags of one command. References to a Flag hold until the next one is added.
class FlagSet {
 public:
  Flag& text(std::string names, std::string value_name, std::string help,
             std::optional<std::string>& out);
  Flag& texts(std::string names, std::string value_name, std::string help,
              std::vector<std::string>& out);
  Flag& toggle(std::string names, std::string help, bool& out);
  Flag& keyed(std::string names, std::string value_name, std::string help, std::string key,
              std::map<std::string, std::string>& out);
  // Flags of old scripts. With a value unless value_name is empty.
  void accepted(std::string names, std::string value_name, std::string note);
  void refused(std::string names, std::string value_name, std::string why);

  // Heading of the flags that are added from now on.
  void group(std::string heading) { group_ = std::move(heading); }
  const std::vector<Flag>& all() const { return flags_; }

 private:
  Flag& add(Flag flag);
  std::vector<Flag> flags_;
  std::string group_ = "Flags";
};

// "-n,--name" -> {"-n", "--name"}.
std::vector<std::string> names_of(const Flag& flag);

}  // namespace tidegate::cli
