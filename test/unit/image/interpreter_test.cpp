#include "image/interpreter.h"

#include <gtest/gtest.h>

#include <vector>

namespace tidegate::image {
namespace {

struct Case {
  const char* asked;  // empty: any
  std::vector<const char*> there;
  const char* chosen;  // empty: none
};

TEST(Interpreter, TheNearestOneIsChosen) {
  const Case cases[] = {
      {"3.11.2", {"3.11.7", "3.11.2", "3.12.1"}, "3.11.2"},
      {"3.11.3", {"3.11.2", "3.11.7", "3.12.1"}, "3.11.7"},
      {"3.11", {"3.11.2", "3.11.7", "3.12.1"}, "3.11.7"},
      {"3.8", {"3.13.0", "3.9.18", "3.11.7"}, "3.9.18"},
      {"3.13", {"3.9.18", "3.11.7"}, "3.11.7"},
      {"3.10", {"3.9.18", "3.11.7"}, "3.11.7"},
      {"3.8", {"3.7.16", "3.9.18"}, "3.9.18"},
      {"3.6.2", {"3.6.2", "3.7.16", "3.8.18"}, "3.8.18"},
      {"3.6.2", {"3.6.2", "3.7.16"}, ""},
      {"", {"3.7.16", "3.9.18", "3.12.1"}, "3.9.18"},
      {"", {}, ""},
      {"3.11", {"2.7.18"}, ""},
  };
  for (const Case& one : cases) {
    std::vector<Candidate> candidates;
    for (const char* version : one.there) {
      candidates.push_back({PythonVersion::parse(version).value(), version});
    }
    auto best = choose_interpreter(PythonVersion::parse(one.asked), candidates);
    EXPECT_EQ(best ? candidates[*best].path : "", one.chosen) << "asked for " << one.asked;
  }
}

TEST(Interpreter, OfTwoOfOneVersionTheFirstIsChosen) {
  std::vector<Candidate> candidates = {{{3, 11, 2}, "/a"}, {{3, 11, 2}, "/b"}};
  EXPECT_EQ(choose_interpreter(PythonVersion{3, 11, 2}, candidates), 0U);
}

TEST(Interpreter, VersionsAreReadAndWritten) {
  EXPECT_EQ(PythonVersion::parse("3.8")->text(), "3.8");
  EXPECT_EQ(PythonVersion::parse("3.8.13")->text(), "3.8.13");
  EXPECT_EQ(PythonVersion::parse("3.14.0rc1")->text(), "3.14.0");
  EXPECT_EQ(PythonVersion::parse("3.8.*")->text(), "3.8");
  for (const char* bad : {"", "3", "three", "3.", ".8"}) {
    EXPECT_FALSE(PythonVersion::parse(bad).has_value()) << bad;
  }
}

}  // namespace
}  // namespace tidegate::image
