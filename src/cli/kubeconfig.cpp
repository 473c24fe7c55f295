#include "cli/kubeconfig.h"

#include <array>

#include <fmt/format.h>

#include "base/json.h"
#include "cli/config_file.h"
#include "domain/yaml.h"
#include "os/base64.h"

namespace tidegate::cli {
namespace {

constexpr const char* kFlag = "--kubeconfig";

// The entry of that name in a list of {name, <member>}; null: there is none.
Json entry(const Json& config, std::string_view list, const std::string& name) {
  const Json* all = find_member(config, list);
  if (all == nullptr || !all->is_array()) return nullptr;
  for (const Json& one : *all) {
    if (one.is_object() && text_or(one, "name", "") == name) return one;
  }
  return nullptr;
}

struct FileKey {
  std::string_view key;   // names a file
  std::string_view data;  // holds what is in it
  bool is_text;           // as it is, not as base64
};
constexpr std::array kFileKeys = {
    FileKey{"certificate-authority", "certificate-authority-data", false},
    FileKey{"client-certificate", "client-certificate-data", false},
    FileKey{"client-key", "client-key-data", false}, FileKey{"tokenFile", "token", true}};

// Files are named relative to the kubeconfig's folder.
void put_files_in(Json& object, const os::Path& folder, domain::Complaints& complaints) {
  if (!object.is_object()) return;
  for (const FileKey& known : kFileKeys) {
    std::string file = text_or(object, known.key, "");
    object.erase(std::string(known.key));
    if (file.empty() || find_member(object, known.data) != nullptr) continue;
    auto text = read_text((folder / file).lexically_normal(), file,
                          fmt::format("{}: {}", kFlag, known.key), complaints);
    if (!text) continue;
    while (known.is_text && text->ends_with('\n')) text->pop_back();
    object[std::string(known.data)] = known.is_text ? *text : os::base64(*text);
  }
}

}  // namespace

std::optional<std::string> read_kubeconfig(const std::string& name, const os::Path& folder,
                                           domain::Complaints& complaints) {
  os::Path path = (folder / name).lexically_normal();
  auto text = read_text(path, name, kFlag, complaints);
  if (!text) return std::nullopt;
  auto parsed = domain::parse_yaml(*text, name);
  if (!parsed) {
    complaints.add(kFlag, parsed.error().message);
    return std::nullopt;
  }
  if (!parsed->json.is_object()) {
    complaints.add(kFlag, fmt::format("{} is no kubeconfig: it must be an object", name));
    return std::nullopt;
  }
  std::string current = text_or(parsed->json, "current-context", "");
  Json context = entry(parsed->json, "contexts", current);
  const Json* inner = context.is_null() ? nullptr : find_member(context, "context");
  if (inner == nullptr || !inner->is_object()) {
    complaints.add(kFlag, fmt::format("{} has no context \"{}\", its current-context; `kubectl "
                                      "config use-context` sets it",
                                      name, current));
    return std::nullopt;
  }
  Json cluster = entry(parsed->json, "clusters", text_or(*inner, "cluster", ""));
  Json user = entry(parsed->json, "users", text_or(*inner, "user", ""));
  if (cluster.is_null() || user.is_null()) {
    complaints.add(kFlag, fmt::format("{} has no {} for its context {}", name,
                                      cluster.is_null() ? "cluster" : "user", current));
    return std::nullopt;
  }
  if (cluster.contains("cluster")) put_files_in(cluster["cluster"], path.parent_path(), complaints);
  if (user.contains("user")) put_files_in(user["user"], path.parent_path(), complaints);
  return to_text(Json{{"apiVersion", "v1"},
                      {"kind", "Config"},
                      {"current-context", current},
                      {"contexts", Json::array({context})},
                      {"clusters", Json::array({cluster})},
                      {"users", Json::array({user})}});
}

}  // namespace tidegate::cli
