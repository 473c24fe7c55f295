// From words to a command that runs.
#pragma once

#include <string>
#include <vector>

#include "cli/context.h"
#include "cli/flag_set.h"
#include "cli/verb.h"

namespace tidegate::cli {

// Runs one command with the given seams. Returns the exit code.
int run_command(const std::vector<std::string>& arguments, Context& context);

// `tidegate serve`, for its help and its place in the list; app runs it.
extern const Command kServe;

}  // namespace tidegate::cli
