#include "domain/conda.h"

#include <algorithm>
#include <cctype>

#include <fmt/format.h>

#include "domain/object_reader.h"
#include "domain/yaml.h"

namespace tidegate::domain {
namespace {

std::string_view trimmed(std::string_view text) {
  auto begin = text.find_first_not_of(" \t");
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(" \t") - begin + 1);
}

// "conda-forge::numpy=1.19" -> "numpy".
std::string_view package_of(std::string_view spec) {
  if (auto channel = spec.find("::"); channel != std::string_view::npos)
    spec.remove_prefix(channel + 2);
  return trimmed(spec.substr(0, spec.find_first_of(" =<>!~[")));
}

// "python=3.8.13", "python==3.8", "python 3.8.*", "python=3.8=h123_cpython" -> "3.8.13", "3.8",
// ...; nullopt: a range, or something else than one version.
std::optional<std::string> exact_version(std::string_view spec) {
  std::string_view rest = trimmed(spec.substr(spec.find("python") + 6));
  while (rest.starts_with('=')) rest.remove_prefix(1);
  rest = trimmed(rest);
  rest = rest.substr(0, rest.find('='));
  if (rest.ends_with(".*")) rest.remove_suffix(2);
  bool digits_and_dots =
      std::ranges::all_of(rest, [](char c) { return c == '.' || (c >= '0' && c <= '9'); });
  if (!digits_and_dots || rest.starts_with('.') || rest.ends_with('.')) return std::nullopt;
  return std::string(rest);
}

class CondaReader {
 public:
  CondaReader(const CondaPlace& place, Environment& environment, Complaints& complaints)
      : place_(place), environment_(environment), complaints_(complaints) {}

  void read_dependency(const Json& dependency, const std::string& path) {
    if (dependency.is_string()) return read_package(dependency.get<std::string>(), path);
    if (dependency.is_object() && dependency.size() == 1 && dependency.contains("pip")) {
      return read_pip(dependency["pip"], path + ".pip");
    }
    complaints_.add(place_(path), fmt::format("must be a package or `pip:` with a list, is {}",
                                              tidegate::domain::shown(dependency)));
  }

 private:
  void read_package(const std::string& spec, const std::string& path) {
    std::string_view name = package_of(spec);
    if (name.empty())
      return complaints_.add(place_(path), fmt::format("\"{}\" names no package", spec));
    if (name == "pip") return;
    environment_.origins[spec] = place_(path);
    if (name != "python") return environment_.conda.push_back(spec);
    auto version = exact_version(spec);
    if (version) {
      environment_.python_version = *version;
    } else {
      complaints_.warn(place_(path),
                       fmt::format("only one version can be asked for, as in python=3.8; "
                                   "with \"{}\" any Python 3 is taken",
                                   spec));
    }
  }

  void read_pip(const Json& list, const std::string& path) {
    if (!list.is_array()) {
      return complaints_.add(place_(path), fmt::format("must be a list, is {}", shown(list)));
    }
    for (std::size_t i = 0; i < list.size(); ++i) {
      std::string item = fmt::format("{}[{}]", path, i);
      if (!list[i].is_string() || trimmed(list[i].get_ref<const std::string&>()).empty()) {
        complaints_.add(place_(item), fmt::format("must be a package, is {}", shown(list[i])));
        continue;
      }
      std::string line(trimmed(list[i].get_ref<const std::string&>()));
      environment_.origins[line] = place_(item);
      environment_.pip.push_back(std::move(line));
    }
  }

  const CondaPlace& place_;
  Environment& environment_;
  Complaints& complaints_;
};

void warn_unknown_conda_keys(const Json& conda, const CondaPlace& place, Complaints& complaints) {
  static const std::vector<std::string_view> kKnown = {"name", "channels", "dependencies", "prefix",
                                                       "variables"};
  for (const auto& [key, value] : conda.items()) {
    if (std::ranges::find(kKnown, key) != kKnown.end()) continue;
    std::string_view near = suggest(key, kKnown);
    complaints.warn(place(key),
                    near.empty()
                        ? fmt::format("unknown key {}, ignored", key)
                        : fmt::format("unknown key {}, ignored; did you mean {}?", key, near));
  }
}

}  // namespace

void read_conda(const Json& conda, const CondaPlace& place, Environment& environment,
                Complaints& complaints) {
  warn_unknown_conda_keys(conda, place, complaints);
  if (const Json* channels = find_member(conda, "channels")) {
    if (!channels->is_array()) complaints.add(place("channels"), "must be a list");
    for (std::size_t i = 0; channels->is_array() && i < channels->size(); ++i) {
      const Json& channel = (*channels)[i];
      if (channel.is_string()) {
        environment.channels.push_back(channel.get<std::string>());
      } else {
        complaints.add(place(fmt::format("channels[{}]", i)),
                       fmt::format("must be a text, is {}", shown(channel)));
      }
    }
  }
  const Json* dependencies = find_member(conda, "dependencies");
  if (dependencies == nullptr) return;
  if (!dependencies->is_array()) {
    complaints.add(place("dependencies"),
                   fmt::format("must be a list, is {}", shown(*dependencies)));
    return;
  }
  CondaReader reader(place, environment, complaints);
  for (std::size_t i = 0; i < dependencies->size(); ++i) {
    reader.read_dependency((*dependencies)[i], fmt::format("dependencies[{}]", i));
  }
}

CondaFile parse_conda(std::string_view text, std::string_view where, Complaints& complaints) {
  Result<YamlDocument> document = parse_yaml(text, where);
  if (!document) {
    complaints.add("", document.error().message);
    return {};
  }
  if (!document->json.is_object()) {
    complaints.add(std::string(where), "must be a conda YAML file with `dependencies:`");
    return {};
  }
  CondaPlace place = [&](std::string_view path) {
    auto line = document->lines.find(std::string(path));
    return line == document->lines.end() ? fmt::format("{}: {}", where, path)
                                         : fmt::format("{}:{}", where, line->second);
  };
  Environment scratch;
  read_conda(document->json, place, scratch, complaints);
  return {.json = std::move(document->json), .origins = std::move(scratch.origins)};
}

}  // namespace tidegate::domain
