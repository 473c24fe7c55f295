// The log front: fields, not prose. `log(Level::warning, "replica_unhealthy", {{"replica", id}});`
// gives `2026-11-24T10:29:56.123Z W event=replica_unhealthy replica=...`.
// Levels by consequence: error = somebody must act, warning = somebody should look, info = rare
// events that no client can multiply, debug = the rest. No bodies, keys or tokens, ever.
#pragma once

#include <concepts>
#include <initializer_list>
#include <string>
#include <string_view>

#include <fmt/format.h>

#include "base/secret.h"

namespace tidegate {

enum class Level { debug, info, warning, error };

struct Field {
  std::string_view name;
  std::string value;

  Field(std::string_view n, std::string_view v) : name(n), value(v) {}
  Field(std::string_view n, const std::string& v) : name(n), value(v) {}
  Field(std::string_view n, const char* v) : name(n), value(v) {}
  Field(std::string_view n, const Secret&) : name(n), value("***") {}
  Field(std::string_view n, std::integral auto v) : name(n), value(fmt::format("{}", v)) {}
  Field(std::string_view n, std::floating_point auto v)
      : name(n), value(fmt::format("{:.3f}", v)) {}
};

using LogSink = void (*)(Level level, std::string_view line);

// Where lines go; standard error until somebody sets another sink. Call before threads start.
void set_log_sink(LogSink sink);
void set_log_level(Level level);

// Safe from any thread.
void log(Level level, std::string_view event, std::initializer_list<Field> fields = {});

// "event=x name=value": values with spaces, quotes or control characters are quoted as in JSON.
std::string format_fields(std::string_view event, std::initializer_list<Field> fields);

}  // namespace tidegate
