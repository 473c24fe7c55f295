#include "cli/flag_parse.h"

#include <gtest/gtest.h>

namespace tidegate::cli {
namespace {

using Words = std::vector<std::string>;

struct Targets {
  std::optional<std::string> name, compute, lines;
  std::vector<std::string> tags;
  std::map<std::string, std::string> settings;
  bool overwrite = false;
};

void declare(FlagSet& flags, Targets& targets) {
  flags.text("-n,--name", "NAME", "name", targets.name).required();
  flags.text("-ct,--compute-target", "NAME", "target", targets.compute);
  flags.text("-l,--num-lines", "N", "lines", targets.lines);
  flags.texts("--tag", "KEY=VALUE", "tag", targets.tags);
  flags.toggle("--overwrite", "overwrite", targets.overwrite);
  flags.keyed("-ccl,--cpu-cores-limit", "N", "limit", "cpuLimit", targets.settings);
  flags.accepted("-lo,--location", "NAME", "ignored");
  flags.accepted("--no-wait", "", "at once anyway");
  flags.refused("-se,--ssl-enabled", "BOOL", "TLS is not offered yet");
}

struct Parsed {
  Targets targets;
  std::string problems;
  std::string notes;
};

Parsed parsed(const Words& words) {
  Parsed out;
  FlagSet flags;
  declare(flags, out.targets);
  Console console([](std::string_view) {}, [&](std::string_view text) { out.notes += text; }, {});
  domain::Complaints complaints;
  parse_flags(flags, words, console, complaints);
  for (const auto& problem : complaints.problems()) out.problems += domain::line_of(problem) + "\n";
  return out;
}

TEST(Normalised, OneDashOrTwoAreAlikeForFlagsOfSeveralLetters) {
  FlagSet flags;
  Targets targets;
  declare(flags, targets);
  struct Case {
    Words given, wanted;
  };
  for (const Case& c : std::initializer_list<Case>{
           {{"-ct", "aks"}, {"--ct", "aks"}},
           {{"--ct", "aks"}, {"--ct", "aks"}},
           {{"-ct=aks"}, {"--ct=aks"}},
           {{"-ccl", "2"}, {"--ccl", "2"}},
           {{"-n", "x"}, {"-n", "x"}},
           {{"-nx"}, {"-nx"}},
           {{"--num_lines", "5"}, {"--num-lines", "5"}},
           {{"--num_lines=a_b"}, {"--num-lines=a_b"}},
           {{"value_with_underscore"}, {"value_with_underscore"}},
           {{"-unknown"}, {"-unknown"}},
       }) {
    EXPECT_EQ(normalised(flags, c.given), c.wanted) << c.given[0];
  }
}

TEST(ParseFlags, SetsWhatIsGiven) {
  Parsed p = parsed({"-n", "svc", "-ct", "myaks", "--tag", "a=b", "--tag", "c=d", "--overwrite",
                     "--ccl", "2.5", "--num_lines", "7"});
  EXPECT_EQ(p.problems, "");
  EXPECT_EQ(p.targets.name, "svc");
  EXPECT_EQ(p.targets.compute, "myaks");
  EXPECT_EQ(p.targets.tags, (Words{"a=b", "c=d"}));
  EXPECT_TRUE(p.targets.overwrite);
  EXPECT_EQ(p.targets.settings.at("cpuLimit"), "2.5");
  EXPECT_EQ(p.targets.lines, "7");
}

TEST(ParseFlags, WhatIsNotGivenStaysAsItWas) {
  Parsed p = parsed({"--name=svc"});
  EXPECT_EQ(p.problems, "");
  EXPECT_EQ(p.targets.compute, std::nullopt);
  EXPECT_TRUE(p.targets.settings.empty());
  EXPECT_FALSE(p.targets.overwrite);
}

TEST(ParseFlags, ValuesAreTakenAsTheyAre) {
  Parsed p = parsed({"--name=-dash", "-l", "{\"data\": [1, 2]}", "--tag", "a=[x, y]"});
  EXPECT_EQ(p.problems, "");
  EXPECT_EQ(p.targets.name, "-dash");
  EXPECT_EQ(p.targets.lines, "{\"data\": [1, 2]}");
  EXPECT_EQ(p.targets.tags, Words{"a=[x, y]"});
  EXPECT_EQ(parsed({"-n", ""}).targets.name, "");
}

TEST(ParseFlags, GivenTwiceTheLastOneCounts) {
  EXPECT_EQ(parsed({"-n", "a", "--name", "b"}).targets.name, "b");
}

TEST(ParseFlags, AllProblemsAreToldAtOnce) {
  EXPECT_EQ(parsed({"stray", "--nmae", "x", "--colour", "-se", "true"}).problems,
            "stray: is no flag, and no value was expected here\n"
            "--nmae: unknown flag; did you mean --name?\n"
            "--colour: unknown flag; see --help\n"
            "-n/--name: is required\n"
            "-se/--ssl-enabled: TLS is not offered yet\n");
}

TEST(ParseFlags, AFlagWithoutItsValueIsNamedAsInTheHelp) {
  EXPECT_EQ(parsed({"-n"}).problems, "-n/--name: needs a value\n");
  EXPECT_EQ(parsed({"-n", "x", "--ct"}).problems, "-ct/--compute-target: needs a value\n");
}

TEST(ParseFlags, AnotherFlagIsNoValue) {
  EXPECT_EQ(parsed({"-n", "-ct", "ctl"}).problems, "-n/--name: needs a value\n");
  EXPECT_EQ(parsed({"--tag", "--overwrite", "-ct", "-n", "x"}).problems,
            "--tag: needs a value\n-ct/--compute-target: needs a value\n");
  EXPECT_EQ(parsed({"-n", "x", "-l", "-1", "--tag", "-"}).problems, "");
  EXPECT_EQ(parsed({"--name=-x", "--tag=-n"}).problems, "");
}

TEST(ParseFlags, AcceptedFlagsAreNoted) {
  Parsed p = parsed({"-n", "x", "-lo", "westeurope", "--no-wait"});
  EXPECT_EQ(p.problems, "");
  EXPECT_EQ(p.notes, "note: -lo/--location: ignored\nnote: --no-wait: at once anyway\n");
}

}  // namespace
}  // namespace tidegate::cli
