// Bytes that wait to be sent. Not for other folders.
#pragma once

#include <string>
#include <string_view>

#include "http/socket.h"

namespace tidegate::http {

class OutBuffer {
 public:
  // Append here; flush() sends.
  std::string& bytes() { return bytes_; }
  std::size_t pending() const { return bytes_.size() - sent_; }
  void clear();

  // Sends what waits and then `more`, in one call to the kernel; copies what it did not take.
  IoResult flush(Socket& socket, std::string_view more = {});

 private:
  std::string bytes_;
  std::size_t sent_ = 0;  // 0 <= sent_ <= bytes_.size()
};

}  // namespace tidegate::http
