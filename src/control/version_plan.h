#pragma once

#include "backend/backend.h"
#include "store/store.h"
#include "store/versions.h"

namespace tidegate::control {

// What the backend has to know of a version, from the store alone. source_tree and source_archive
// are left empty: only the layout needs them.
Result<backend::VersionPlan> make_version_plan(store::Store& store, const store::Version& version,
                                               const Secret& signing_key);

// What a request must show to a replica of the service. It follows from the key that the store
// keeps, so that the router's table and the pods of a later version agree without storing it.
Secret replica_secret(const Secret& signing_key, const std::string& service_id);

}  // namespace tidegate::control
