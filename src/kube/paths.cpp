#include "kube/paths.h"

#include <fmt/format.h>

namespace tidegate::kube {

const Kind* kind_of(const Json& manifest) {
  static constexpr const Kind* kKinds[] = {
      &kPod,  &kSecret,    &kConfigMap,  &kService, &kServiceAccount, &kEvent,
      &kNode, &kNamespace, &kDeployment, &kRole,    &kRoleBinding};
  std::string version = text_or(manifest, "apiVersion", "");
  std::string kind = text_or(manifest, "kind", "");
  for (const Kind* known : kKinds) {
    std::string group_version = known->group.empty()
                                    ? std::string(known->version)
                                    : fmt::format("{}/{}", known->group, known->version);
    if (kind == known->kind && version == group_version) return known;
  }
  return nullptr;
}

std::string collection_path(const Kind& kind, const Where& where) {
  std::string path = kind.group.empty() ? fmt::format("/api/{}", kind.version)
                                        : fmt::format("/apis/{}/{}", kind.group, kind.version);
  if (kind.is_namespaced && !where.namespace_.empty()) {
    path += fmt::format("/namespaces/{}", fetch::escaped(where.namespace_));
  }
  return fmt::format("{}/{}", path, kind.plural);
}

Result<std::string> object_path(const Kind& kind, const Where& where) {
  if (where.name.empty()) {
    return fail(Code::invalid, fmt::format("a {} without a name (metadata.name)", kind.kind));
  }
  if (kind.is_namespaced && where.namespace_.empty()) {
    return fail(Code::invalid, fmt::format("{} {}: it has no namespace (metadata.namespace)",
                                           kind.kind, where.name));
  }
  return fmt::format("{}/{}", collection_path(kind, where), fetch::escaped(where.name));
}

std::string with_query(std::string path, const Query& query) {
  char separator = '?';
  for (const auto& [name, value] : query) {
    if (value.empty()) continue;
    path += fmt::format("{}{}={}", separator, name, fetch::escaped(value));
    separator = '&';
  }
  return path;
}

Query selectors_of(const Where& where) {
  std::string fields = where.fields;
  if (!where.name.empty()) {
    if (!fields.empty()) fields += ',';
    fields += fmt::format("metadata.name={}", where.name);
  }
  return {{"labelSelector", where.selector}, {"fieldSelector", std::move(fields)}};
}

}  // namespace tidegate::kube
