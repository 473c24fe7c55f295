#include "archive/ignore_rules.h"

#include <gtest/gtest.h>

namespace tidegate::archive {
namespace {

struct Case {
  const char* rules;
  const char* path;     // a folder if it ends in '/'
  const char* pattern;  // what leaves it out, "" if it stays
};

// As `git check-ignore -v` says for the same rules and paths.
const Case kCases[] = {
    {"", "a", ""},
    {"# a", "# a", ""},
    {"\\#a", "#a", "\\#a"},
    {"*.csv", "a.csv", "*.csv"},
    {"*.csv", "deep/er/a.csv", "*.csv"},
    {"*.csv", "a.csv.bak", ""},
    {"*.csv\r\n", "a.csv", "*.csv"},
    {"a  ", "a", "a"},
    {"a\\ ", "a ", "a\\ "},
    {"/a", "a", "/a"},
    {"/a", "b/a", ""},
    {"data/", "data/", "data/"},
    {"data/", "b/data/", "data/"},
    {"data/", "data", ""},
    {"b/data", "b/data", "b/data"},
    {"b/data", "a/b/data", ""},
    {"b/data/", "b/data/", "b/data/"},
    {"*.log\n!keep.log", "keep.log", ""},
    {"*.log\n!keep.log", "a.log", "*.log"},
    {"!keep.log\n*.log", "keep.log", "*.log"},
    {"\\!a", "!a", "\\!a"},
    {"a?c", "abc", "a?c"},
    {"a?c", "a/c", ""},
    {"a*c", "a/c", ""},
    {"/a*/c", "axx/c", "/a*/c"},
    {"/a*/c", "a/b/c", ""},
    {"[a-c]x", "bx", "[a-c]x"},
    {"[a-c]x", "dx", ""},
    {"[!a-c]x", "dx", "[!a-c]x"},
    {"[^a-c]x", "ax", ""},
    {"[]-]x", "]x", "[]-]x"},
    {"[]-]x", "-x", "[]-]x"},
    {"a[", "a[", ""},
    {"\\*", "*", "\\*"},
    {"\\*", "a", ""},
    {"**/foo", "foo", "**/foo"},
    {"**/foo", "a/b/foo", "**/foo"},
    {"**/foo/bar", "a/foo/bar", "**/foo/bar"},
    {"foo/**", "foo/a/b", "foo/**"},
    {"foo/**", "foo/", ""},
    {"a/**/b", "a/b", "a/**/b"},
    {"a/**/b", "a/x/y/b", "a/**/b"},
    {"a/**/b", "ax/b", ""},
    {"**", "anything", "**"},
    {"/", "a", ""},
    {"*", "a", "*"},
    {"*\n!*.py", "score.py", ""},
};

TEST(IgnoreRules, MeanWhatGitMeans) {
  for (const Case& c : kCases) {
    std::string path = c.path;
    bool is_folder = path.ends_with('/');
    if (is_folder) path.pop_back();
    EXPECT_EQ(IgnoreRules(c.rules).ignored_by(path, is_folder), c.pattern)
        << "rules: " << c.rules << "\npath: " << c.path;
  }
}

TEST(IgnoreRules, AByteOrderMarkIsNoPartOfTheFirstPattern) {
  EXPECT_EQ(IgnoreRules("\xef\xbb\xbf*.csv").ignored_by("a.csv", false), "*.csv");
}

TEST(IgnoreRules, ManyStarsStayCheap) {
  std::string pattern;
  for (int i = 0; i < 40; ++i) pattern += "*a";
  std::string name(4000, 'a');
  EXPECT_EQ(IgnoreRules(pattern + "b").ignored_by(name, false), "");
  std::string deep;
  for (int i = 0; i < 200; ++i) deep += "d/";
  EXPECT_EQ(IgnoreRules("**/**/**/**/**/x").ignored_by(deep + "y", false), "");
}

}  // namespace
}  // namespace tidegate::archive
