#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace tidegate::archive {

// The patterns of a .gitignore or .amlignore file, with git's meaning: comments, `!`, a leading,
// middle or trailing `/`, `*`, `?`, `[a-z]`, `**`, backslash. The last pattern that matches
// decides.
class IgnoreRules {
 public:
  IgnoreRules() = default;
  explicit IgnoreRules(std::string_view text);

  // The pattern, as written, that leaves out `path` (relative to the file's folder, with '/');
  // empty if it stays. Ask for folders before what is in them: nothing below a folder that is left
  // out can stay.
  std::string_view ignored_by(std::string_view path, bool is_folder) const;
  bool empty() const { return rules_.empty(); }

 private:
  struct Rule {
    std::string written;
    std::vector<std::string> parts;  // between slashes; one part if it may match at any depth
    bool keeps = false;              // began with '!'
    bool folders_only = false;
    bool at_any_depth = false;
  };
  void add_line(std::string_view line);
  static bool matches(const Rule& rule, const std::vector<std::string_view>& path, bool is_folder);

  std::vector<Rule> rules_;
};

}  // namespace tidegate::archive
