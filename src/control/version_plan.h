#pragma once

#include "backend/backend.h"
#include "store/store.h"
#include "store/versions.h"

namespace tidegate::control {

// What the backend has to know of a version, from the store alone. source_tree is left empty: only
// the layout needs it.
Result<backend::VersionPlan> make_version_plan(store::Store& store, const store::Version& version);

}  // namespace tidegate::control
