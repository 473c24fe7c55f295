#pragma once

#include <string>
#include <string_view>

#include "base/random.h"

namespace tidegate {

std::string hex(std::string_view bytes);  // lower case
std::string random_hex(Random& random, std::size_t bytes);
std::string random_uuid4(Random& random);  // "xxxxxxxx-xxxx-4xxx-yxxx-xxxxxxxxxxxx"
// 32 random bytes, base64url without padding: service keys, API tokens.
std::string random_key(Random& random);

}  // namespace tidegate
