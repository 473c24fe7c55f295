#pragma once

#include <string>
#include <string_view>

namespace tidegate::control {

// Where an artifact's content is put and got: "/content/LocalUpload/<container>/<path>".
std::string content_path(std::string_view container, std::string_view path);
// Relative, without empty parts, "." or "..".
bool is_content_path(std::string_view path);

}  // namespace tidegate::control
