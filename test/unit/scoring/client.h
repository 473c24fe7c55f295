#pragma once

#include <string>
#include <string_view>

#include "http/address.h"
#include "os/fd.h"

namespace tidegate::scoring {

// A blocking HTTP client that knows only what these tests need.
class Client {
 public:
  explicit Client(const http::Address& address);

  struct Answer {
    int status = 0;  // 0: the connection ended
    std::string head;
    std::string body;
    // The value of a header, or "(none)".
    std::string header(std::string_view name) const;
  };

  void send(std::string_view bytes);
  Answer receive(bool has_body = true);
  Answer get(std::string_view target, std::string_view header_lines = "");
  Answer post(std::string_view target, std::string_view body, std::string_view header_lines = "");
  Answer call(std::string_view method, std::string_view target, std::string_view header_lines = "");
  void close() { fd_.reset(); }

 private:
  os::UniqueFd fd_;
  std::string received_;
};

std::string post_text(std::string_view body, std::string_view header_lines = "");

}  // namespace tidegate::scoring
