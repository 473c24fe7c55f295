#include "scoring/swagger.h"

#include <fmt/format.h>

#include "http/head.h"
#include "scoring/messages.h"

namespace tidegate::scoring {
namespace {

std::string wanted_version(std::string_view query) {
  for (auto& [name, value] : http::parse_query(query)) {
    if (name != "version") continue;
    if (value == "2.0" || value == "3.0") value.resize(1);
    return value;
  }
  return "2";
}

}  // namespace

std::expected<std::string_view, std::string> find_swagger(const SwaggerDocuments& documents,
                                                          std::string_view query) {
  const std::string version = wanted_version(query);
  if (version != "2" && version != "3" && version != "3.1") {
    return std::unexpected(fmt::format(
        "Swagger version [{}] is not valid. Supported versions: [2, 3, 3.1].", version));
  }
  if (documents.empty()) return std::unexpected(std::string(kNoSwagger));
  if (auto found = documents.find(version); found != documents.end()) return found->second;
  std::string known;
  for (const auto& [name, text] : documents) known += (known.empty() ? "" : ", ") + name;
  return std::unexpected(
      fmt::format("Swagger version [{}] is not supported for the scoring script. Supported swagger "
                  "versions: [{}].",
                  version, known));
}

}  // namespace tidegate::scoring
