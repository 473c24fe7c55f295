// What router and control say to each other over a stream socket. Each message is framed by its
// length (4 bytes, big endian, at most 64 MB), then protobuf.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/error.h"
#include "table/table.h"

namespace tidegate::table {

struct Hello {
  std::string router_id;  // new for each router process
  std::uint32_t pid = 0;
  std::uint64_t table_version = 0;  // 0: none
};

struct Applied {
  std::uint64_t table_version = 0;
};

struct Drained {
  std::vector<std::string> replica_ids;
};

using FromRouter = std::variant<Hello, Applied, Drained>;
using FromControl = std::variant<Table>;

std::string frame(const FromRouter& message);  // with its length
std::string frame(const FromControl& message);

// Collects bytes, hands out whole messages.
template <class Message>  // FromRouter or FromControl
class Unframer {
 public:
  void feed(std::string_view bytes) { buffer_.append(bytes); }
  // True: a message was taken out. False: more bytes are needed. Error: the stream is broken for
  // good.
  Result<bool> next(Message& out);

 private:
  std::string buffer_;
};

}  // namespace tidegate::table
