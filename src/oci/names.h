// What the distribution specification allows as names.
#pragma once

#include <string_view>

namespace tidegate::oci {

bool is_repository(std::string_view text);  // "team/azureml_1f", at most 255 letters
bool is_tag(std::string_view text);
bool is_digest(std::string_view text);  // "sha256:" and 64 lower-case digits; we know no other kind

}  // namespace tidegate::oci
