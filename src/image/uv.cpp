#include "image/uv.h"

#include <algorithm>
#include <charconv>
#include <set>

#include <fmt/format.h>

#include "base/json.h"

namespace tidegate::image {
namespace {

constexpr std::size_t kFailureLinesMax = 24;

// A configuration file of the user (uv.toml) would change what is built without changing the
// recipe's hash, so uv does not read it.
os::Command uv_command(const os::Path& uv, std::vector<std::string> words) {
  os::Command command;
  command.argv = {uv.string(), "--no-config", "--no-progress", "--color", "never"};
  command.argv.insert(command.argv.end(), words.begin(), words.end());
  command.env = {{"UV_PYTHON_DOWNLOADS", "never"}};
  return command;
}

// "https://user:password@host/simple" -> "https://host/simple"
std::string without_credentials(std::string_view url) {
  auto scheme = url.find("://");
  if (scheme == std::string_view::npos) return std::string(url);
  auto authority = url.substr(scheme + 3);
  auto at = authority.substr(0, authority.find('/')).rfind('@');
  if (at == std::string_view::npos) return std::string(url);
  return fmt::format("{}{}", url.substr(0, scheme + 3), authority.substr(at + 1));
}

bool is_token_char(char c) {
  return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '-' || c == '_' || c == '.';
}

// The word at `at`, as a normalized package name.
std::string name_at(std::string_view text, std::size_t at) {
  auto end = at;
  while (end < text.size() && is_token_char(text[end])) ++end;
  while (end > at && text[end - 1] == '.') --end;  // the end of a sentence
  return normalized_name(text.substr(at, end - at));
}

std::vector<std::string> names_after(std::string_view text, std::string_view words) {
  std::vector<std::string> names;
  for (auto at = text.find(words); at != std::string_view::npos; at = text.find(words, at + 1)) {
    names.push_back(name_at(text, at + words.size()));
  }
  return names;
}

std::vector<std::string> all_names(std::string_view text) {
  std::vector<std::string> names;
  for (std::size_t at = 0; at < text.size(); ++at) {
    bool start = is_token_char(text[at]) && (at == 0 || !is_token_char(text[at - 1]));
    if (start) names.push_back(name_at(text, at));
  }
  return names;
}

const Requirement* find_by_name(const std::vector<Requirement>& requirements,
                                std::string_view name) {
  for (const Requirement& requirement : requirements) {
    std::string own = normalized_name(package_name(requirement.text));
    if (!own.empty() && own == name) return &requirement;
  }
  return nullptr;
}

// "Couldn't parse requirement in `requirements.txt` at position 12"
const Requirement* find_by_position(std::string_view text,
                                    const std::vector<Requirement>& requirements) {
  static constexpr std::string_view kWords = "at position ";
  auto at = text.find(kWords);
  if (at == std::string_view::npos) return nullptr;
  std::size_t position = 0;
  std::string_view number = text.substr(at + kWords.size());
  std::from_chars(number.data(), number.data() + number.size(), position);
  std::size_t end = 0;
  for (const Requirement& requirement : requirements) {
    end += requirement.text.size() + 1;
    if (position < end) return &requirement;
  }
  return nullptr;
}

std::string joined(const std::vector<std::string>& lines) {
  std::string text;
  for (const std::string& line : lines) text += line + "\n";
  return text;
}

// uv says "error: ..." once, before the reasons; what stands above it is progress.
std::size_t start_of_error(const std::vector<std::string>& lines) {
  for (std::size_t i = lines.size(); i-- > 0;) {
    if (lines[i].starts_with("error:")) return i;
  }
  return lines.size() > kFailureLinesMax ? lines.size() - kFailureLinesMax : 0;
}

}  // namespace

PackageIndex package_index_in_force(const ReadVariable& read) {
  auto first_of = [&read](std::initializer_list<const char*> names) {
    for (const char* name : names) {
      const char* value = read(name);
      if (value != nullptr && *value != '\0') return std::string(value);
    }
    return std::string();
  };
  PackageIndex index;
  std::string main = first_of({"UV_DEFAULT_INDEX", "UV_INDEX_URL", "PIP_INDEX_URL"});
  std::string extra = first_of({"UV_INDEX", "UV_EXTRA_INDEX_URL", "PIP_EXTRA_INDEX_URL"});
  if (!main.empty()) index.env["UV_DEFAULT_INDEX"] = main;
  if (!extra.empty()) index.env["UV_INDEX"] = extra;
  index.identity = without_credentials(main);
  for (std::size_t at = 0; at < extra.size();) {
    auto end = std::min(extra.find(' ', at), extra.size());
    if (end > at) index.identity += " + " + without_credentials(extra.substr(at, end - at));
    at = end + 1;
  }
  return index;
}

os::Command uv_list_command(const os::Path& uv, const std::string& search_path) {
  os::Command command =
      uv_command(uv, {"python", "list", "--only-installed", "--output-format", "json"});
  command.env["PATH"] = search_path;
  return command;
}

os::Command uv_venv_command(const os::Path& uv, const os::Path& interpreter, const os::Path& venv) {
  return uv_command(uv, {"venv", "--no-project", "--python", interpreter.string(), venv.string()});
}

os::Command uv_install_command(const os::Path& uv, const os::Path& python,
                               const os::Path& requirements, const PackageIndex& index) {
  // Copies, because a hard link into uv's cache would let user code change the cache. Bytecode now,
  // because replicas see the environment read-only and would compile it at every start.
  os::Command command =
      uv_command(uv, {"pip", "install", "--link-mode", "copy", "--compile-bytecode", "--python",
                      python.string(), "-r", requirements.string()});
  command.env.insert(index.env.begin(), index.env.end());
  return command;
}

os::Command uv_freeze_command(const os::Path& uv, const os::Path& python) {
  return uv_command(uv, {"--quiet", "pip", "freeze", "--python", python.string()});
}

std::optional<std::vector<Candidate>> parse_uv_list_line(std::string_view line) {
  if (!line.starts_with('[')) return std::nullopt;
  auto json = parse_json(line, "uv python list");
  if (!json || !json->is_array()) return std::nullopt;
  std::vector<Candidate> candidates;
  for (const Json& entry : *json) {
    auto version = PythonVersion::parse(text_or(entry, "version", ""));
    std::string path = text_or(entry, "path", "");
    bool ordinary = text_or(entry, "implementation", "") == "cpython" &&
                    text_or(entry, "variant", "default") == "default";
    if (version && !path.empty() && ordinary) candidates.push_back({*version, path});
  }
  return candidates;
}

const Requirement* blamed_requirement(const std::vector<std::string>& uv_output,
                                      const std::vector<Requirement>& requirements) {
  std::size_t start = start_of_error(uv_output);
  std::string text =
      joined({uv_output.begin() + static_cast<std::ptrdiff_t>(start), uv_output.end()});
  if (const Requirement* found = find_by_position(text, requirements)) return found;
  for (const std::string& name : names_after(text, "you require ")) {
    if (const Requirement* found = find_by_name(requirements, name)) return found;
  }
  for (const std::string& name : all_names(text)) {
    if (const Requirement* found = find_by_name(requirements, name)) return found;
  }
  return nullptr;
}

std::string failure_text(const std::vector<std::string>& uv_output) {
  std::vector<std::string> lines(
      uv_output.begin() + static_cast<std::ptrdiff_t>(start_of_error(uv_output)), uv_output.end());
  if (lines.size() > kFailureLinesMax) {
    // A build log: its first lines say what failed, its last ones why.
    auto middle = lines.begin() + 4;
    lines.erase(middle, lines.end() - static_cast<std::ptrdiff_t>(kFailureLinesMax - 5));
    lines.insert(lines.begin() + 4, "  ... (the whole text is in the log)");
  }
  std::string text = joined(lines);
  if (!text.empty()) text.pop_back();
  return text;
}

bool is_disk_full(const std::vector<std::string>& output) {
  for (const std::string& line : output) {
    if (line.find("No space left on device") != std::string::npos) return true;
    if (line.find("Disk quota exceeded") != std::string::npos) return true;
  }
  return false;
}

}  // namespace tidegate::image
