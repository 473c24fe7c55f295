#include "cli/help.h"

#include <gtest/gtest.h>

#include "unit/cli/session.h"

namespace tidegate::cli {
namespace {

const char* const kCommandPaths[] = {
    "model register",     "model list",         "model show",          "model deploy",
    "service list",       "service show",       "service run",         "service update",
    "service get-keys",   "service get-logs",   "service delete",      "computetarget create aks",
    "computetarget list", "computetarget show", "computetarget delete"};

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream stream(text);
  for (std::string line; std::getline(stream, line);) lines.push_back(line);
  return lines;
}

TEST(Help, EveryCommandHasAPageThatFitsAndNeedsNoServer) {
  Session session;
  session.server.down = true;
  for (const std::string path : kCommandPaths) {
    for (const char* flag : {" --help", " -h", " -n x --help"}) {
      EXPECT_EQ(session.run(path + flag), 0) << path;
      EXPECT_EQ(session.err, "") << path;
      auto lines = lines_of(session.out);
      ASSERT_GT(lines.size(), 6U) << path;
      EXPECT_TRUE(lines[0].ends_with('.')) << lines[0];
      EXPECT_EQ(lines[2].rfind("usage: tidegate " + path, 0), 0U) << lines[2];
      EXPECT_NE(session.out.find("\nExample:\n  tidegate " + path), std::string::npos) << path;
      for (const std::string& line : lines) EXPECT_LE(line.size(), 120U) << line;
    }
  }
}

TEST(Help, TheMostUsedFlagsOfDeployComeFirst) {
  Session session;
  session.run("model deploy --help");
  auto lines = lines_of(session.out);
  EXPECT_EQ(lines[4], "Most used:");
  EXPECT_EQ(lines[5],
            "  -n, --name NAME                 name of the service: 3 to 32 lower-case letters, "
            "digits and '-'");
  EXPECT_EQ(lines[6], "                                  (required)");
  EXPECT_EQ(lines[7], "  -m, --model NAME:VERSION        a registered model (may be repeated)");
}

TEST(Help, TheOverviewNamesEveryCommand) {
  Session session;
  for (const char* words : {"--help", "-h", "help"}) {
    EXPECT_EQ(session.run(words), 0);
    for (const std::string path : kCommandPaths) {
      EXPECT_NE(session.out.find("\n  " + path + " "), std::string::npos) << path;
    }
    EXPECT_NE(session.out.find("\n  serve "), std::string::npos);
  }
}

TEST(Help, AGroupListsItsOwnCommands) {
  Session session;
  EXPECT_EQ(session.run("computetarget --help"), 0);
  EXPECT_EQ(lines_of(session.out).size(), 8U) << session.out;
  EXPECT_EQ(session.out.find("service "), session.out.find("service uses")) << "no other group";
}

}  // namespace
}  // namespace tidegate::cli
