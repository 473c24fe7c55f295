// Our values to protobuf's and back. For the .cpp files of this folder alone.
#pragma once

#include "table.pb.h"
#include "table/table.h"

namespace tidegate::table {

// False: the bytes are no such message. Our errors say so; protobuf's own log stays out of it.
bool parse_wire(std::string_view bytes, google::protobuf::MessageLite& out);

void to_wire(const Table& table, pb::Table& out);
// Refuses what no router could use: keys that are no SHA-256, a limit of 0, nameless things.
Result<Table> from_wire(const pb::Table& in);

}  // namespace tidegate::table
