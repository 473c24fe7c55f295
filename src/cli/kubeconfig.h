#pragma once

#include <optional>
#include <string>

#include "domain/complaints.h"
#include "os/file.h"

namespace tidegate::cli {

// The current context of a kubeconfig and what belongs to it, as JSON (which is YAML), the files
// that it names put into it: the server may run where they are not. Other contexts are left out:
// they are nobody's business. Complaints are about --kubeconfig.
std::optional<std::string> read_kubeconfig(const std::string& name, const os::Path& folder,
                                           domain::Complaints& complaints);

}  // namespace tidegate::cli
