// A watch's bytes: one JSON object per line, {"type": "ADDED", "object": {...}}.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "kube/client.h"

namespace tidegate::kube {

// Joins the pieces of lines; what comes after the last newline waits for the rest, or is dropped
// with the stream.
class WatchStream {
 public:
  // A line that is longer ends the watch: Code::exhausted.
  static constexpr std::size_t kLineBytesMax = 32U << 20;

  explicit WatchStream(const Client::OnEvent& on_event, std::size_t line_bytes_max = kLineBytesMax)
      : on_event_(on_event), line_bytes_max_(line_bytes_max) {}

  // Gives each whole event. An error ends the stream: what an ERROR event says (Code::conflict: the
  // version is too old), or a line that is no event.
  Result<> receive(std::string_view bytes);

 private:
  Result<> receive_line(std::string_view line);

  const Client::OnEvent& on_event_;
  std::size_t line_bytes_max_;
  std::string begun_;  // of a line without its end; at most line_bytes_max_
};

}  // namespace tidegate::kube
