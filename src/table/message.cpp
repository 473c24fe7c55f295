#include "table/message.h"

#include <fmt/format.h>

#include "base/check.h"
#include "table/wire.h"

namespace tidegate::table {
namespace {

constexpr std::size_t kLengthSize = 4;
constexpr std::size_t kMessageMax = 64UL << 20;

template <class Wire>
std::string framed(const Wire& wire) {
  std::string bytes(kLengthSize, '\0');
  wire.AppendToString(&bytes);
  const std::size_t length = bytes.size() - kLengthSize;
  TIDEGATE_ASSUME(length <= kMessageMax);
  for (std::size_t i = 0; i < kLengthSize; ++i) {
    bytes[i] = static_cast<char>((length >> (8 * (kLengthSize - 1 - i))) & 0xff);
  }
  return bytes;
}

std::size_t length_of(std::string_view bytes) {
  std::size_t length = 0;
  for (std::size_t i = 0; i < kLengthSize; ++i) {
    length = (length << 8) | static_cast<unsigned char>(bytes[i]);
  }
  return length;
}

void fill(const Hello& hello, pb::FromRouter& out) {
  out.mutable_hello()->set_router_id(hello.router_id);
  out.mutable_hello()->set_pid(hello.pid);
  out.mutable_hello()->set_table_version(hello.table_version);
}

void fill(const Applied& applied, pb::FromRouter& out) {
  out.mutable_applied()->set_table_version(applied.table_version);
}

void fill(const Drained& drained, pb::FromRouter& out) {
  out.mutable_drained();  // an empty list is a message, too
  for (const std::string& id : drained.replica_ids) out.mutable_drained()->add_replica_ids(id);
}

Result<> parse(std::string_view bytes, FromRouter& out) {
  pb::FromRouter wire;
  const bool parsed = parse_wire(bytes, wire);
  if (parsed && wire.has_hello()) {
    out = Hello{.router_id = wire.hello().router_id(),
                .pid = wire.hello().pid(),
                .table_version = wire.hello().table_version()};
  } else if (parsed && wire.has_applied()) {
    out = Applied{.table_version = wire.applied().table_version()};
  } else if (parsed && wire.has_drained()) {
    out = Drained{
        .replica_ids = {wire.drained().replica_ids().begin(), wire.drained().replica_ids().end()}};
  } else {
    return fail(Code::invalid, "no message that a router sends");
  }
  return {};
}

Result<> parse(std::string_view bytes, FromControl& out) {
  pb::FromControl wire;
  if (!parse_wire(bytes, wire) || !wire.has_table()) {
    return fail(Code::invalid, "no message that control sends");
  }
  TIDEGATE_TRY(Table table, from_wire(wire.table()));
  out = std::move(table);
  return {};
}

}  // namespace

std::string frame(const FromRouter& message) {
  pb::FromRouter wire;
  std::visit([&wire](const auto& content) { fill(content, wire); }, message);
  return framed(wire);
}

std::string frame(const FromControl& message) {
  pb::FromControl wire;
  to_wire(std::get<Table>(message), *wire.mutable_table());
  return framed(wire);
}

template <class Message>
Result<bool> Unframer<Message>::next(Message& out) {
  if (buffer_.size() < kLengthSize) return false;
  const std::size_t length = length_of(buffer_);
  if (length > kMessageMax) {
    return fail(Code::invalid,
                fmt::format("a message of {} bytes, more than {}", length, kMessageMax));
  }
  if (buffer_.size() - kLengthSize < length) return false;
  TIDEGATE_TRY_VOID(parse(std::string_view(buffer_).substr(kLengthSize, length), out));
  buffer_.erase(0, kLengthSize + length);
  return true;
}

template class Unframer<FromRouter>;
template class Unframer<FromControl>;

}  // namespace tidegate::table
