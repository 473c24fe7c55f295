#include "cli/commands.h"

#include <gtest/gtest.h>

#include "cli/cli.h"
#include "unit/cli/session.h"

namespace tidegate::cli {
namespace {

struct Case {
  const char* words;
  const char* said;
};

TEST(Commands, MistakesAreNamedAndCorrected) {
  for (const Case& c : {
           Case{"", "ERROR: no command is given\nhint: `tidegate --help` lists the commands\n"},
           Case{"service shw -n x",
                "ERROR: `tidegate service shw` is no command; did you mean `tidegate service "
                "show`?\n"
                "hint: `tidegate service --help` lists the commands\n"},
           Case{"computetarget create -n x",
                "ERROR: `tidegate computetarget create` is no command; did you mean `tidegate "
                "computetarget "
                "create aks`?\nhint: `tidegate computetarget --help` lists the commands\n"},
           Case{"service",
                "ERROR: `tidegate service` is no command\nhint: `tidegate service --help` lists "
                "the commands\n"},
           Case{"frobnicate",
                "ERROR: `tidegate frobnicate` is no command\nhint: `tidegate --help` lists the "
                "commands\n"},
           Case{"service regen-key -n x",
                "ERROR: `tidegate service regen-key` is not offered yet\nhint: `tidegate --help` "
                "lists what is\n"},
           Case{"endpoint realtime show -n x",
                "ERROR: `tidegate endpoint` is not offered yet\nhint: `tidegate --help` lists what "
                "is\n"},
           Case{"service show",
                "ERROR: -n/--name: is required\nhint: `tidegate service show --help` lists the "
                "flags\n"},
           Case{"service show -n x -o yaml --query a",
                "ERROR: 2 problems, nothing was sent:\n  --query: not offered: pipe the JSON "
                "through jq\n"
                "  -o/--output: must be json, table, tsv or none, is \"yaml\"\n"
                "hint: `tidegate service show --help` lists the flags\n"},
       }) {
    Session session;
    EXPECT_EQ(session.run(c.words), 1) << c.words;
    EXPECT_EQ(session.err, c.said);
    EXPECT_EQ(session.out, "");
    EXPECT_TRUE(session.server.requests.empty());
  }
}

TEST(Commands, WithoutAServerTheErrorSaysHowToStartOne) {
  Session session;
  session.server.down = true;
  EXPECT_EQ(session.run("service list"), 1);
  EXPECT_EQ(
      session.said(),
      "ERROR: no Tidegate server answers for the data folder DATA: nothing listens at api.sock\n"
      "hint: is `tidegate serve` running? Start it with `tidegate serve --data DATA`, or name "
      "another folder "
      "with --data or TIDEGATE_DATA\n");
  EXPECT_EQ(session.out, "");
}

TEST(Commands, AFolderWithoutATokenIsAFolderWithoutAServer) {
  Session session;
  std::filesystem::remove(session.data() / "api.token");
  EXPECT_EQ(session.run("service list"), 1);
  EXPECT_EQ(session.said().find(
                "ERROR: no Tidegate server answers for the data folder DATA: cannot read"),
            0U)
      << session.said();
  EXPECT_TRUE(session.server.requests.empty());
}

TEST(Commands, DataMayStandBeforeTheCommandAndBehindIt) {
  for (const char* words : {"--data /no/such service list", "--data=/no/such service list",
                            "service list --data /no/such"}) {
    Session session;
    EXPECT_EQ(session.run(words), 1) << words;
    EXPECT_NE(session.err.find("for the data folder /no/such:"), std::string::npos) << session.err;
  }
}

TEST(Commands, FlagsOfTheOldCommandLineAreNotedAndCanBeSilenced) {
  Session session;
  session.server.on("GET services", 200, Json::parse(R"({"value":[]})"));
  EXPECT_EQ(session.run("service list -g rg -w ws --subscription-id s"), 0);
  EXPECT_EQ(session.err,
            "note: -g/--resource-group: there is one workspace; ignored\n"
            "note: -w/--workspace-name: there is one workspace; ignored\n"
            "note: --subscription-id: there is one workspace; ignored\n");
  EXPECT_EQ(session.out, "[]\n");
  EXPECT_EQ(session.run("service list -g rg --only-show-errors"), 0);
  EXPECT_EQ(session.err, "");
}

TEST(Commands, DebugShowsTheCalls) {
  Session session;
  session.server.on("GET services", 200, Json::parse(R"({"value":[]})"));
  session.run("service list --debug");
  EXPECT_EQ(session.err, "GET " + management("services?expand=true") + " -> 200\n");
}

TEST(ServeFlags, HaveDefaultsAndAbsolutePaths) {
  ::setenv("TIDEGATE_DATA", "/var/tidegate/", 1);
  auto flags = parse_serve_flags({"serve"});
  ASSERT_TRUE(flags.has_value() && flags->has_value());
  EXPECT_EQ((*flags)->data, "/var/tidegate");
  EXPECT_EQ((*flags)->listen, kDefaultListen);
  EXPECT_EQ((*flags)->api, "");
  flags =
      parse_serve_flags({"serve", "--data", "d", "--listen", "0.0.0.0:80", "--api=127.0.0.1:81"});
  ::unsetenv("TIDEGATE_DATA");
  ASSERT_TRUE(flags.has_value() && flags->has_value());
  EXPECT_EQ((*flags)->data, std::filesystem::current_path() / "d");
  EXPECT_EQ((*flags)->listen, "0.0.0.0:80");
  EXPECT_EQ((*flags)->api, "127.0.0.1:81");
}

TEST(ServeFlags, WithoutTheVariableDataLiesInTheHomeFolder) {
  ::unsetenv("TIDEGATE_DATA");
  ::setenv("HOME", "/home/somebody", 1);
  EXPECT_EQ(data_folder(""), "/home/somebody/.tidegate");
}

TEST(ServeFlags, MistakesAreNamed) {
  auto flags = parse_serve_flags({"serve", "--port", "80", "--listen"});
  ASSERT_FALSE(flags.has_value());
  EXPECT_EQ(flags.error().message,
            "--listen: needs a value\nhint: `tidegate serve --help` lists the flags");
  flags = parse_serve_flags({"serve", "--lisen", "x"});
  ASSERT_FALSE(flags.has_value());
  EXPECT_EQ(flags.error().message,
            "--lisen: unknown flag; did you mean --listen?\nhint: `tidegate serve --help` lists "
            "the flags");
}

}  // namespace
}  // namespace tidegate::cli
