#include "telemetry/access_record.h"

#include <algorithm>
#include <iterator>

#include <fmt/format.h>

#include "base/json.h"

namespace tidegate::telemetry {
namespace {

void append(std::string& out, std::string_view name, std::string_view value) {
  out.append(" ").append(name).append("=");
  const bool plain = std::all_of(value.begin(), value.end(), [](unsigned char c) {
    return c > ' ' && c < 127 && c != '"' && c != '\\';
  });
  if (value.empty()) {
    out.append("-");
  } else if (plain) {
    out.append(value);
  } else {
    out.append(to_text(Json(std::string(value))));
  }
}

double in_milliseconds(Microseconds time) {
  return static_cast<double>(time.count()) / 1000.0;
}

}  // namespace

void append_line(std::string& out, const AccessRecord& record) {
  out.append(format_iso(record.time)).append(" event=request");
  append(out, "request_id", record.request_id);
  append(out, "workspace", record.workspace);
  append(out, "service", record.service);
  append(out, "version", record.version);
  append(out, "replica", record.replica);
  append(out, "method", record.method);
  append(out, "reason", record.reason);
  fmt::format_to(
      std::back_inserter(out),
      " status={} queue_ms={:.3f} upstream_ms={:.3f} total_ms={:.3f} bytes_in={} bytes_out={}",
      record.status, in_milliseconds(record.queue), in_milliseconds(record.upstream),
      in_milliseconds(record.total), record.bytes_in, record.bytes_out);
  append(out, "peer", record.peer);
  out.append("\n");
}

}  // namespace tidegate::telemetry
