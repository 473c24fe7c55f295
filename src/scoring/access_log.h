#pragma once

#include <cstdint>
#include <ctime>
#include <string>
#include <string_view>

#include "base/clock.h"

namespace tidegate::scoring {

// Log lines in the form of the platform's server, to a descriptor, whole lines with each write:
//   2026-11-24 10:29:56,123 I [4711] azmlinfsrv [<request id>] - POST /score 200 1.234ms 15
// Belongs to one thread.
class AccessLog {
 public:
  // fd -1: nowhere.
  AccessLog(int fd, const Clock& clock);

  struct Entry {
    std::string_view method;
    std::string_view target;
    std::string_view request_id;
    int status = 0;
    MonoTime::duration duration{};
    std::size_t length = 0;
  };
  void write(const Entry& entry);
  // Written with what comes next, or by flush().
  void add(const Entry& entry);
  void flush();
  void warn(std::string_view request_id, std::string_view message);
  void error(std::string_view request_id, std::string_view message);

  // The line without its newline; what a client sent is made harmless (control characters as \xNN).
  std::string_view format_for_test(const Entry& entry);

 private:
  void begin_line(char level, std::string_view request_id);
  void append_escaped(std::string_view text);
  void format(const Entry& entry);
  void end_line();
  void write_text(char level, std::string_view request_id, std::string_view message);

  const int fd_;
  const Clock& clock_;
  const std::string pid_;
  std::string lines_;  // not written yet
  std::string line_;
  std::time_t second_ = -1;
  std::string second_text_;  // "2026-11-24 10:29:56"
};

}  // namespace tidegate::scoring
