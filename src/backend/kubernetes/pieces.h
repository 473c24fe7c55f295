#pragma once

#include <vector>

#include "backend/backend.h"
#include "oci/artifact.h"

namespace tidegate::backend::kubernetes {

// What a version's app folder is made of, for its artifact: the models, then the source. Reads
// files only to learn the SHA-256 of those that are not called by it, as the store's blobs are.
Result<std::vector<oci::Piece>> pieces_of(const VersionPlan& plan);

}  // namespace tidegate::backend::kubernetes
