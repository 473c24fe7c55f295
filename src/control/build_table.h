#pragma once

#include <vector>

#include "base/secret.h"
#include "control/observed.h"
#include "control/world.h"
#include "table/table.h"

namespace tidegate::control {

// What the routing table should say right now. Pure; sorted, so that equal states give equal
// tables.
std::vector<table::Service> build_table(const World& world, const Observed& observed);
// The same for routers that find the replicas themselves, among the pods of their cluster.
std::vector<table::Service> build_cluster_table(const World& world, const Secret& signing_key);

}  // namespace tidegate::control
