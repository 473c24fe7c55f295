#include "table/table.h"

#include "table/wire.h"

namespace tidegate::table {
namespace {

constexpr std::string_view kMagic = "TGT1";

}  // namespace

std::string encode(const Table& table) {
  pb::Table message;
  to_wire(table, message);
  std::string bytes(kMagic);
  message.AppendToString(&bytes);
  return bytes;
}

Result<Table> decode(std::string_view bytes) {
  if (!bytes.starts_with(kMagic)) {
    return fail(Code::invalid, "no routing table: it does not begin with TGT1");
  }
  bytes.remove_prefix(kMagic.size());
  pb::Table message;
  if (!parse_wire(bytes, message)) {
    return fail(Code::invalid, "a damaged routing table: its content is no table message");
  }
  return from_wire(message);
}

}  // namespace tidegate::table
