#pragma once

#include <string>

#include "base/clock.h"

namespace tidegate::control {

std::string http_date(WallTime time);  // "Tue, 24 Nov 2026 10:29:56 GMT"

}  // namespace tidegate::control
