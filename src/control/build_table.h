#pragma once

#include <vector>

#include "control/observed.h"
#include "control/world.h"
#include "table/table.h"

namespace tidegate::control {

// What the routing table should say right now. Pure; sorted, so that equal states give equal
// tables.
std::vector<table::Service> build_table(const World& world, const Observed& observed);

}  // namespace tidegate::control
