// What people see: results on one stream, everything else on the other.
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "base/error.h"

namespace tidegate::cli {

struct ConsoleOptions {
  bool is_terminal = false;  // standard error is one: a line may be drawn over
  bool colour = false;
  bool quiet = false;  // --only-show-errors
  bool debug = false;
};

class Console {
 public:
  using Sink = std::function<void(std::string_view)>;
  Console(Sink out, Sink err, ConsoleOptions options);

  void result(std::string_view text);  // standard output, with a newline
  void say(std::string_view line);     // progress and the like
  void note(std::string_view line);    // "note: ..."
  void warn(std::string_view line);    // "warning: ..."
  void debug(std::string_view line);   // shown with --debug only
  // "ERROR: ...": several lines are indented below it, "hint: ..." lines stand alone.
  void error(const Error& error);

  // Draws a line that the next one replaces. Without a terminal, a line that differs from the last
  // in more than the seconds is printed as an ordinary one.
  void live(std::string_view what, std::string_view seconds);
  void end_live();

  ConsoleOptions& options() { return options_; }

 private:
  void line(std::string_view text);
  std::string painted(std::string_view text, std::string_view colour) const;

  Sink out_;
  Sink err_;
  ConsoleOptions options_;
  bool live_shown_ = false;
  std::string last_live_;
};

}  // namespace tidegate::cli
