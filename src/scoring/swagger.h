#pragma once

#include <expected>
#include <map>
#include <string>
#include <string_view>

namespace tidegate::scoring {

// Documents by version: "2", "3", "3.1". They are made with the script's help, so they come with
// open().
using SwaggerDocuments = std::map<std::string, std::string, std::less<>>;

// The document that "version=..." in the query asks for (2 if it says nothing), or the message of a
// 404.
std::expected<std::string_view, std::string> find_swagger(const SwaggerDocuments& documents,
                                                          std::string_view query);

}  // namespace tidegate::scoring
