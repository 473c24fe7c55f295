#pragma once

#include <span>

namespace tidegate::store {

// SQL scripts in order: script i (from 1) brings a database from schema i-1 to schema i. Scripts
// that were released are never edited; a change is a new script at the end.
std::span<const char* const> migrations();

}  // namespace tidegate::store
