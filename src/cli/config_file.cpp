#include "cli/config_file.h"

#include <fmt/format.h>

#include "domain/yaml.h"

namespace tidegate::cli {

std::optional<std::string> read_text(const os::Path& path, const std::string& shown,
                                     const std::string& where, domain::Complaints& complaints) {
  std::error_code error;
  auto status = std::filesystem::status(path, error);
  if (status.type() == std::filesystem::file_type::not_found) {
    complaints.add(where, fmt::format("{} is not there: looked for {}", shown, path.string()));
    return std::nullopt;
  }
  if (std::filesystem::is_directory(status)) {
    complaints.add(where, fmt::format("{} is a folder, not a file", shown));
    return std::nullopt;
  }
  auto text = os::read_file(path);
  if (!text) {
    complaints.add(where, text.error().message);
    return std::nullopt;
  }
  return std::move(*text);
}

std::optional<ConfigFile> read_config(const std::string& name, const std::string& flag,
                                      const os::Path& folder, domain::Complaints& complaints) {
  os::Path path = (folder / name).lexically_normal();
  auto text = read_text(path, name, flag, complaints);
  if (!text) return std::nullopt;
  auto json = domain::parse_json_or_yaml(*text, name);
  if (!json) {
    complaints.add("", json.error().message);
    return std::nullopt;
  }
  return ConfigFile{.where = name + ":", .folder = path.parent_path(), .json = std::move(*json)};
}

std::string both(const os::Path& a, const os::Path& b) {
  return a == b ? a.string() : fmt::format("{} and {}", a.string(), b.string());
}

}  // namespace tidegate::cli
