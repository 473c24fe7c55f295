#pragma once

#include <string>
#include <vector>

#include "cli/console.h"
#include "cli/flag_set.h"
#include "domain/complaints.h"

namespace tidegate::cli {

// The spelling of today: "-ct" and "--ct" alike become "--ct", "--num_lines" becomes "--num-lines".
// "-n" and values stay as they are.
std::vector<std::string> normalised(const FlagSet& flags,
                                    const std::vector<std::string>& arguments);

// Sets the targets of the flags that are given. Unknown flags, missing values, flags that are
// required and missing, and refused ones are complaints, all of them; accepted ones are noted.
void parse_flags(const FlagSet& flags, const std::vector<std::string>& arguments, Console& console,
                 domain::Complaints& complaints);

// Whether help is asked for.
bool wants_help(const std::vector<std::string>& arguments);

}  // namespace tidegate::cli
