#include "scoring/access_log.h"

#include <limits.h>
#include <unistd.h>

#include <algorithm>
#include <iterator>

#include <fmt/chrono.h>
#include <fmt/compile.h>
#include <fmt/format.h>

namespace tidegate::scoring {
namespace {
constexpr std::size_t kTargetMaxChars = 2048;  // a line stays one write, also to a pipe
// What others write to the same pipe does not come between.
constexpr std::size_t kWriteMaxBytes = PIPE_BUF;
}  // namespace

AccessLog::AccessLog(int fd, const Clock& clock)
    : fd_(fd), clock_(clock), pid_(std::to_string(::getpid())) {}

void AccessLog::write(const Entry& entry) {
  add(entry);
  flush();
}

void AccessLog::add(const Entry& entry) {
  if (fd_ < 0) return;
  format(entry);
  end_line();
}

void AccessLog::warn(std::string_view request_id, std::string_view message) {
  write_text('W', request_id, message);
}

void AccessLog::error(std::string_view request_id, std::string_view message) {
  write_text('E', request_id, message);
}

void AccessLog::write_text(char level, std::string_view request_id, std::string_view message) {
  if (fd_ < 0) return;
  begin_line(level, request_id);
  line_.append(message);
  end_line();
  flush();
}

std::string_view AccessLog::format_for_test(const Entry& entry) {
  format(entry);
  return line_;
}

void AccessLog::format(const Entry& entry) {
  begin_line('I', entry.request_id);
  append_escaped(entry.method);
  line_.push_back(' ');
  append_escaped(entry.target.substr(0, kTargetMaxChars));
  const auto us = std::chrono::round<std::chrono::microseconds>(entry.duration).count();
  fmt::format_to(std::back_inserter(line_), FMT_COMPILE(" {} {}.{:03}ms {}"), entry.status,
                 us / 1000, us % 1000, entry.length);
}

void AccessLog::begin_line(char level, std::string_view request_id) {
  const auto since_epoch = clock_.wall().time_since_epoch();
  const auto ms = std::chrono::floor<Milliseconds>(since_epoch).count();
  if (ms / 1000 != second_) {
    second_ = ms / 1000;
    second_text_ = fmt::format("{:%Y-%m-%d %H:%M:%S}", fmt::gmtime(second_));
  }
  line_.assign(second_text_);
  fmt::format_to(std::back_inserter(line_), FMT_COMPILE(",{:03} {} ["), ms % 1000, level);
  line_.append(pid_).append("] azmlinfsrv ");
  if (!request_id.empty()) {
    line_.push_back('[');
    append_escaped(request_id);
    line_.append("] ");
  }
  line_.append("- ");
}

void AccessLog::append_escaped(std::string_view text) {
  const bool is_harmless =
      std::all_of(text.begin(), text.end(), [](char c) { return c >= ' ' && c < 127; });
  if (is_harmless) {
    line_.append(text);
    return;
  }
  for (char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < ' ' || byte >= 127) {
      fmt::format_to(std::back_inserter(line_), "\\x{:02x}", byte);
    } else {
      line_.push_back(c);
    }
  }
}

void AccessLog::end_line() {
  line_.push_back('\n');
  if (lines_.size() + line_.size() > kWriteMaxBytes) flush();
  lines_.append(line_);
}

void AccessLog::flush() {
  if (lines_.empty()) return;
  // A log that cannot be written must not stop the service.
  [[maybe_unused]] ssize_t n = ::write(fd_, lines_.data(), lines_.size());
  lines_.clear();
}

}  // namespace tidegate::scoring
