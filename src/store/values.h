// Small conversions between row values and domain values. Nothing here leaves src/store.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/error.h"

namespace tidegate::store {

std::int64_t to_micros(WallTime time);
WallTime from_micros(std::int64_t micros);

using TextMap = std::map<std::string, std::string>;
std::string map_to_text(const TextMap& map);
Result<TextMap> map_from_text(std::string_view text);

}  // namespace tidegate::store
