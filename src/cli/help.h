#pragma once

#include <span>
#include <string>

#include "cli/flag_set.h"
#include "cli/verb.h"

namespace tidegate::cli {

// The page of one command: purpose, usage, flags by group, example.
std::string help_of(const Command& command, const FlagSet& flags);
// The list of the commands whose path begins with `prefix` ("" for all, "model ", ...).
std::string overview(std::span<const Command* const> commands, std::string_view prefix);

}  // namespace tidegate::cli
