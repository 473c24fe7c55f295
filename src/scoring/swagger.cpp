#include "scoring/swagger.h"

#include <fmt/format.h>

#include "http/head.h"
#include "scoring/messages.h"

namespace tidegate::scoring {
namespace {

std::string wanted_version(std::string_view query) {
  for (auto& [name, value] : http::parse_query(query)) {
    if (name == "version") return value;
  }
  return "2";
}

std::string_view without_alias(std::string_view version) {
  return version == "2.0" || version == "3.0" ? version.substr(0, 1) : version;
}

}  // namespace

std::expected<std::string_view, std::string> find_swagger(const SwaggerDocuments& documents,
                                                          std::string_view query) {
  const std::string wanted = wanted_version(query);
  const std::string version(without_alias(wanted));
  if (auto found = documents.find(version); found != documents.end()) return found->second;
  std::string known;
  for (const auto& [name, text] : documents) known += (known.empty() ? "" : ", ") + name;
  if (version != "2" && version != "3" && version != "3.1") {
    return std::unexpected(
        fmt::format("Swagger version [{}] is not valid. Supported versions: [{}].", wanted, known));
  }
  return std::unexpected(
      fmt::format("Swagger version [{}] is not supported for the scoring script. Supported swagger "
                  "versions: [{}].",
                  wanted, known));
}

}  // namespace tidegate::scoring
