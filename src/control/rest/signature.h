// URIs that carry their own right, as a blob store's do: ?sig=<HMAC-SHA256 of the path>.
#pragma once

#include <string>
#include <string_view>

#include "base/secret.h"

namespace tidegate::control {

std::string signature_of(const Secret& key, std::string_view path);
bool is_signed(const Secret& key, std::string_view path, std::string_view signature);

}  // namespace tidegate::control
