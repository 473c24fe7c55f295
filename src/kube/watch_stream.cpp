#include "kube/watch_stream.h"

#include <fmt/format.h>

#include "kube/status.h"

namespace tidegate::kube {

Result<> WatchStream::receive(std::string_view bytes) {
  for (auto end = bytes.find('\n'); end != std::string_view::npos; end = bytes.find('\n')) {
    std::string_view line = bytes.substr(0, end);
    bytes.remove_prefix(end + 1);
    if (begun_.empty()) {
      TIDEGATE_TRY_VOID(receive_line(line));
      continue;
    }
    begun_ += line;
    TIDEGATE_TRY_VOID(receive_line(begun_));
    begun_.clear();
  }
  if (begun_.size() + bytes.size() > line_bytes_max_) {
    return fail(Code::exhausted,
                fmt::format("an event of a watch is larger than {} bytes", line_bytes_max_));
  }
  begun_ += bytes;
  return {};
}

Result<> WatchStream::receive_line(std::string_view line) {
  if (line.find_first_not_of(" \t\r") == std::string_view::npos) return {};
  auto event = parse_json(line, "an event of a watch");
  if (!event) return fail(Code::unavailable, event.error().message);
  std::string type = text_or(*event, "type", "");
  const Json* object = find_member(*event, "object");
  if (type.empty() || object == nullptr || !object->is_object()) {
    return fail(Code::unavailable, "an event of a watch has no type or no object");
  }
  if (type == "ERROR") return std::unexpected(error_of(*object));
  on_event_(type, *object);
  return {};
}

}  // namespace tidegate::kube
