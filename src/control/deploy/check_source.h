#pragma once

#include <string>
#include <vector>

#include "control/source.h"
#include "domain/complaints.h"
#include "os/process.h"

namespace tidegate::control {

// Everything a worker needs to look at an uploaded source.
struct SourceCheck {
  std::vector<SourceFile> files;
  std::string entry_script;  // below the app root
  std::string python;        // for its syntax; empty: not checked
  os::Path staging;          // a folder of its own, gone afterwards
};

// Unpacks, and complains about an entry script that is not there or is none. Blocks: for workers.
domain::Complaints check_source(const SourceCheck& check, os::CommandRunner& runner);

}  // namespace tidegate::control
