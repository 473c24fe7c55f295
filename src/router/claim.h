#pragma once

#include <optional>
#include <vector>

#include "router/routes.h"

namespace tidegate::router {

// A slot of the least busy replica that is not resting. nullopt: none is free now. `loads` is room
// to work in.
std::optional<Ticket> claim(const LiveVersion& version, MonoTime now, std::uint64_t dice,
                            std::vector<std::uint32_t>& loads);

// When the first resting replica that has a free slot may be tried again. nullopt: none rests; the
// next chance is a slot that becomes free, or a new table.
std::optional<MonoTime> next_rest_end(const LiveVersion& version, MonoTime now);

}  // namespace tidegate::router
