#include "control/rest/route.h"

#include <algorithm>

#include "http/head.h"

namespace tidegate::control {
namespace {

constexpr std::string_view kWorkspacePath =
    "/subscriptions/{subscription}/resourceGroups/{resourceGroup}/providers/"
    "Microsoft.MachineLearningServices/workspaces/{workspace}";

std::vector<std::string> split(std::string_view path) {
  std::vector<std::string> segments;
  while (!path.empty()) {
    path.remove_prefix(path.starts_with('/') ? 1 : 0);
    std::string_view segment = path.substr(0, path.find('/'));
    path.remove_prefix(segment.size());
    segments.emplace_back(segment);
  }
  return segments;
}

std::string expand(std::string_view pattern) {
  std::string whole(pattern);
  if (auto at = whole.find("{WS}"); at != std::string::npos) {
    whole.replace(at, 4, kWorkspacePath);
  }
  return whole;
}

bool is_param(std::string_view segment) {
  return segment.starts_with('{');
}
bool takes_rest(std::string_view segment) {
  return segment.ends_with("...}");
}
std::string name_of(std::string_view segment) {
  segment.remove_prefix(1);
  segment.remove_suffix(takes_rest(segment) ? 4 : 1);
  return std::string(segment);
}

std::string join(std::span<const std::string> segments) {
  std::string joined;
  for (const std::string& segment : segments) {
    if (!joined.empty()) joined += '/';
    joined += segment;
  }
  return joined;
}

std::optional<std::map<std::string, std::string>> match(const std::vector<std::string>& pattern,
                                                        const std::vector<std::string>& path) {
  std::map<std::string, std::string> params;
  for (std::size_t i = 0; i < pattern.size(); ++i) {
    const std::string& wanted = pattern[i];
    if (i >= path.size()) return std::nullopt;
    if (takes_rest(wanted)) {
      params[name_of(wanted)] = http::percent_decode(join(std::span(path).subspan(i)));
      return params;
    }
    if (is_param(wanted)) {
      if (path[i].empty()) return std::nullopt;
      params[name_of(wanted)] = http::percent_decode(path[i]);
    } else if (!http::equal_names(wanted, path[i])) {
      return std::nullopt;
    }
  }
  if (path.size() != pattern.size()) return std::nullopt;
  return params;
}

}  // namespace

RouteTable::RouteTable() {
  for (auto routes : {system_routes(), workspace_routes(), artifact_routes(), content_routes(),
                      asset_routes(), model_routes(), compute_routes(), service_routes(),
                      service_change_routes(), service_check_routes(), operation_routes()}) {
    for (const Route& route : routes) {
      Entry entry{&route, split(expand(route.pattern)), 0};
      entry.literals = static_cast<int>(std::ranges::count_if(
          entry.segments, [](const std::string& segment) { return !is_param(segment); }));
      entries_.push_back(std::move(entry));
    }
  }
  std::ranges::stable_sort(entries_, std::greater<>(), &Entry::literals);
}

std::optional<Match> RouteTable::find(std::string_view method, std::string_view path) const {
  std::vector<std::string> segments = split(path);
  std::optional<Match> known_path;
  for (const Entry& entry : entries_) {
    auto params = match(entry.segments, segments);
    if (!params) continue;
    if (entry.route->method == method) return Match{entry.route, std::move(*params)};
    known_path.emplace();
  }
  return known_path;
}

std::string RouteTable::allowed(std::string_view path) const {
  std::vector<std::string> segments = split(path);
  std::string methods;
  for (const Entry& entry : entries_) {
    if (!match(entry.segments, segments)) continue;
    if (methods.find(entry.route->method) != std::string::npos) continue;
    if (!methods.empty()) methods += ", ";
    methods += entry.route->method;
  }
  return methods;
}

}  // namespace tidegate::control
