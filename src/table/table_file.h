#pragma once

#include <optional>

#include "os/file.h"
#include "table/table.h"

namespace tidegate::table {

// The table on disk, so that a router that starts while control is down still routes. Written
// aside, fsynced, renamed. A missing file is nullopt; a damaged one is an error that names the
// file.
Result<> write_table(const os::Path& path, const Table& table);
Result<std::optional<Table>> read_table(const os::Path& path);

}  // namespace tidegate::table
