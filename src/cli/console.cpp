#include "cli/console.h"

#include <vector>

#include <fmt/format.h>

namespace tidegate::cli {
namespace {

constexpr std::string_view kRed = "\x1b[1;31m";
constexpr std::string_view kYellow = "\x1b[33m";
constexpr std::string_view kCyan = "\x1b[36m";
constexpr std::string_view kPlain = "\x1b[0m";
constexpr std::string_view kClearLine = "\r\x1b[2K";

std::vector<std::string_view> lines_of(std::string_view text) {
  std::vector<std::string_view> lines;
  while (!text.empty()) {
    auto end = text.find('\n');
    lines.push_back(text.substr(0, end));
    text = end == std::string_view::npos ? std::string_view() : text.substr(end + 1);
  }
  return lines;
}

}  // namespace

Console::Console(Sink out, Sink err, ConsoleOptions options)
    : out_(std::move(out)), err_(std::move(err)), options_(options) {}

void Console::result(std::string_view text) {
  end_live();
  out_(text);
  if (!text.ends_with('\n')) out_("\n");
}

void Console::say(std::string_view text) {
  if (!options_.quiet) line(text);
}

void Console::note(std::string_view text) {
  say(fmt::format("{} {}", painted("note:", kCyan), text));
}

void Console::warn(std::string_view text) {
  say(fmt::format("{} {}", painted("warning:", kYellow), text));
}

void Console::debug(std::string_view text) {
  if (options_.debug) line(text);
}

void Console::error(const Error& error) {
  bool first = true;
  for (std::string_view text : lines_of(error.message)) {
    if (text.starts_with("hint: ")) {
      line(fmt::format("{} {}", painted("hint:", kCyan), text.substr(6)));
    } else if (first) {
      line(fmt::format("{} {}", painted("ERROR:", kRed), text));
    } else {
      line(fmt::format("  {}", text));
    }
    first = false;
  }
}

void Console::live(std::string_view what, std::string_view seconds) {
  if (options_.quiet) return;
  if (options_.is_terminal) {
    err_(fmt::format("{}{} {}", kClearLine, what, painted(seconds, kCyan)));
    live_shown_ = true;
  } else if (what != last_live_) {
    err_(fmt::format("{}\n", what));
  }
  last_live_ = what;
}

void Console::end_live() {
  if (live_shown_) err_(kClearLine);
  live_shown_ = false;
  last_live_.clear();
}

// Above the live line, which is drawn again by whoever owns it.
void Console::line(std::string_view text) {
  if (live_shown_) err_(kClearLine);
  live_shown_ = false;
  err_(fmt::format("{}\n", text));
}

std::string Console::painted(std::string_view text, std::string_view colour) const {
  return options_.colour ? fmt::format("{}{}{}", colour, text, kPlain) : std::string(text);
}

}  // namespace tidegate::cli
