#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "cli/console.h"
#include "cli/verb.h"

namespace tidegate::cli {

// Prints an object or a list of them. columns: what a table shows, in order; empty: every member.
void print(Console& console, const Json& value, Format format,
           const std::vector<std::string_view>& columns = {});

// The pieces, for tests.
std::string as_table(const Json& value, const std::vector<std::string_view>& columns);
std::string as_tsv(const Json& value);

}  // namespace tidegate::cli
