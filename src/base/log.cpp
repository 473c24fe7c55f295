#include "base/log.h"

#include <atomic>
#include <cstdio>

#include "base/json.h"

namespace tidegate {
namespace {

void write_to_stderr(Level level, std::string_view line) {
  std::string text = fmt::format("{} {}\n", "DIWE"[static_cast<int>(level)], line);
  std::fwrite(text.data(), 1, text.size(), stderr);
}

constinit std::atomic<LogSink> current_sink{&write_to_stderr};
constinit std::atomic<Level> current_level{Level::info};

bool needs_quotes(std::string_view value) {
  if (value.empty()) return true;
  for (unsigned char c : value) {
    if (c <= ' ' || c == '"' || c == '\\' || c >= 127) return true;
  }
  return false;
}

}  // namespace

void set_log_sink(LogSink sink) {
  current_sink = sink;
}
void set_log_level(Level level) {
  current_level = level;
}

std::string format_fields(std::string_view event, std::initializer_list<Field> fields) {
  std::string line = fmt::format("event={}", event);
  for (const Field& field : fields) {
    fmt::format_to(std::back_inserter(line), " {}={}", field.name,
                   needs_quotes(field.value) ? to_text(Json(field.value)) : field.value);
  }
  return line;
}

void log(Level level, std::string_view event, std::initializer_list<Field> fields) {
  if (level < current_level.load(std::memory_order_relaxed)) return;
  current_sink.load(std::memory_order_relaxed)(level, format_fields(event, fields));
}

}  // namespace tidegate
