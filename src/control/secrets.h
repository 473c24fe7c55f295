#pragma once

#include "base/random.h"
#include "base/secret.h"
#include "os/file.h"
#include "store/database.h"

namespace tidegate::control {

// The token of the local API: DIR/api.token, readable by the owner alone, made at the first start.
Result<Secret> load_or_make_token(const os::Path& file, Random& random);
// Signs URIs; kept in the store, so that links outlive a restart.
Result<Secret> load_or_make_signing_key(store::Database& db, Random& random);

}  // namespace tidegate::control
