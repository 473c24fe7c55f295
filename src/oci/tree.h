// Inside of oci: folders that others may have filled. No link is ever followed.
#pragma once

#include <string_view>

#include "base/error.h"
#include "os/file.h"

namespace tidegate::oci {

// root/target, every folder of it made if need be; refused if something else is in the way.
Result<os::Path> make_folder(const os::Path& root, std::string_view target);
// Moves what is in `from` into `to`; folders that are in both become one, everything else that is
// in both is refused.
Result<> merge_into(const os::Path& from, const os::Path& to);
// Like os::remove_tree, but also by a user who took his own right to write away.
Result<> remove_read_only_tree(const os::Path& path);

}  // namespace tidegate::oci
