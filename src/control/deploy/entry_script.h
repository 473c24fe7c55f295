#pragma once

#include <string>

#include "domain/complaints.h"
#include "domain/environment.h"
#include "os/file.h"
#include "os/process.h"

namespace tidegate::control {

// The Python that a user-managed environment names, else the machine's python3. Empty: there is
// none.
std::string find_interpreter(const domain::Environment& environment);

// Whether the script has the form of an entry script: it parses, and defines init and run. `shown`
// is its name in complaints. Starts `python`, so for workers. Without a Python nothing is said.
void check_entry_script(os::CommandRunner& runner, const std::string& python, const os::Path& file,
                        const std::string& shown, domain::Complaints& complaints);

// The same for a script's text: what `POST services/validate` gets before anything is uploaded.
void check_entry_script_text(os::CommandRunner& runner, const std::string& python,
                             const os::Path& staging, const std::string& shown,
                             std::string_view text, domain::Complaints& complaints);

void check_script_name(const std::string& name, domain::Complaints& complaints);

}  // namespace tidegate::control
