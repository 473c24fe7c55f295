#include "cli/console.h"

#include <gtest/gtest.h>

namespace tidegate::cli {
namespace {

struct Screen {
  explicit Screen(ConsoleOptions options = {})
      : console([this](std::string_view text) { out += text; },
                [this](std::string_view text) { err += text; }, options) {}
  std::string out;
  std::string err;
  Console console;
};

TEST(Console, ErrorsAreIndentedBelowTheirFirstLineAndHintsStandAlone) {
  Screen screen;
  screen.console.error({Code::invalid, "2 problems:\na: wrong\nb: wrong\nhint: do that"});
  EXPECT_EQ(screen.err, "ERROR: 2 problems:\n  a: wrong\n  b: wrong\nhint: do that\n");
  EXPECT_EQ(screen.out, "");
}

TEST(Console, ResultsAloneGoToStandardOutput) {
  Screen screen;
  screen.console.say("working");
  screen.console.note("odd");
  screen.console.warn("odder");
  screen.console.result("{}");
  EXPECT_EQ(screen.out, "{}\n");
  EXPECT_EQ(screen.err, "working\nnote: odd\nwarning: odder\n");
}

TEST(Console, ColourIsUsedOnlyWhenAskedFor) {
  Screen screen({.colour = true});
  screen.console.warn("odd");
  EXPECT_EQ(screen.err, "\x1b[33mwarning:\x1b[0m odd\n");
}

TEST(Console, QuietShowsErrorsOnly) {
  Screen screen({.is_terminal = true, .quiet = true});
  screen.console.say("working");
  screen.console.warn("odd");
  screen.console.live("waiting", "1 s");
  screen.console.error({Code::invalid, "wrong"});
  EXPECT_EQ(screen.err, "ERROR: wrong\n");
}

TEST(Console, OnATerminalTheLiveLineIsDrawnOver) {
  Screen screen({.is_terminal = true});
  screen.console.live("waiting", "0 s");
  screen.console.live("waiting", "1 s");
  screen.console.say("a log line");
  screen.console.live("waiting", "2 s");
  screen.console.end_live();
  screen.console.end_live();
  EXPECT_EQ(screen.err,
            "\r\x1b[2Kwaiting 0 s"
            "\r\x1b[2Kwaiting 1 s"
            "\r\x1b[2Ka log line\n"
            "\r\x1b[2Kwaiting 2 s"
            "\r\x1b[2K");
}

TEST(Console, WithoutATerminalEachNewWaitIsOneLine) {
  Screen screen;
  screen.console.live("building", "0 s");
  screen.console.live("building", "1 s");
  screen.console.live("starting", "2 s");
  screen.console.end_live();
  EXPECT_EQ(screen.err, "building\nstarting\n");
}

TEST(Console, DebugIsShownWhenAskedFor) {
  Screen silent;
  silent.console.debug("GET / -> 200");
  EXPECT_EQ(silent.err, "");
  Screen loud({.debug = true});
  loud.console.debug("GET / -> 200");
  EXPECT_EQ(loud.err, "GET / -> 200\n");
}

}  // namespace
}  // namespace tidegate::cli
