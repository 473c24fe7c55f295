#include "http/out_buffer.h"

#include <array>

namespace tidegate::http {

namespace {
// A connection that once sent something large does not keep the memory.
constexpr std::size_t kKeptCapacity = 64UL << 10;
}  // namespace

void OutBuffer::clear() {
  bytes_.clear();
  sent_ = 0;
  if (bytes_.capacity() > kKeptCapacity) bytes_.shrink_to_fit();
}

IoResult OutBuffer::flush(Socket& socket, std::string_view more) {
  IoResult total{IoStatus::ok};
  while (pending() + more.size() > 0) {
    std::array<iovec, 2> pieces{iovec{bytes_.data() + sent_, pending()},
                                iovec{const_cast<char*>(more.data()), more.size()}};
    const IoResult result = socket.send(pieces);
    total.status = result.status;
    if (result.status != IoStatus::ok) break;
    total.bytes += result.bytes;
    const std::size_t of_ours = std::min(result.bytes, pending());
    sent_ += of_ours;
    more.remove_prefix(result.bytes - of_ours);
  }
  if (pending() == 0) clear();
  if (sent_ > bytes_.size() / 2) {
    bytes_.erase(0, sent_);
    sent_ = 0;
  }
  bytes_.append(more);
  return total;
}

}  // namespace tidegate::http
