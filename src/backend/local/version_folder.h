#pragma once

#include "backend/backend.h"
#include "backend/local/layout.h"
#include "base/error.h"
#include "base/random.h"

namespace tidegate::backend::local {

// Lays out versions/<id>/app: model files (read-only copies) and a copy of the source. Built aside,
// flushed, renamed: there whole or not at all. Success if it is there already.
Result<> lay_out_version(const VersionPlan& plan, const Layout& layout, Random& random);

}  // namespace tidegate::backend::local
