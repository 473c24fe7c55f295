#include "image/uv.h"

#include <gtest/gtest.h>

namespace tidegate::image {
namespace {

using Words = std::vector<std::string>;

Words words_of(const os::Command& command) {
  static const Words kCommon = {"--no-config", "--no-progress", "--color", "never"};
  EXPECT_EQ(command.argv.at(0), "/bin/uv");
  EXPECT_EQ(Words(command.argv.begin() + 1, command.argv.begin() + 5), kCommon);
  EXPECT_EQ(command.env.at("UV_PYTHON_DOWNLOADS"), "never");
  return {command.argv.begin() + 5, command.argv.end()};
}

TEST(Uv, CommandsAreTheseWords) {
  EXPECT_EQ(uv_list_command("/bin/uv", "/a:/b").env.at("PATH"), "/a:/b");
  EXPECT_EQ(words_of(uv_list_command("/bin/uv", "")),
            (Words{"python", "list", "--only-installed", "--output-format", "json"}));
  EXPECT_EQ(words_of(uv_venv_command("/bin/uv", "/usr/bin/python3.11", "/e/venv")),
            (Words{"venv", "--no-project", "--python", "/usr/bin/python3.11", "/e/venv"}));
  EXPECT_EQ(words_of(uv_install_command("/bin/uv", "/e/venv/bin/python", "/e/r.txt", {})),
            (Words{"pip", "install", "--link-mode", "copy", "--compile-bytecode", "--python",
                   "/e/venv/bin/python", "-r", "/e/r.txt"}));
  EXPECT_EQ(words_of(uv_freeze_command("/bin/uv", "/e/venv/bin/python")),
            (Words{"--quiet", "pip", "freeze", "--python", "/e/venv/bin/python"}));
}

PackageIndex index_of(std::map<std::string, std::string> variables) {
  return package_index_in_force([&variables](const char* name) -> const char* {
    auto found = variables.find(name);
    return found == variables.end() ? nullptr : found->second.c_str();
  });
}

TEST(Uv, IndexOfPipIsUsedUnlessUvHasItsOwn) {
  EXPECT_EQ(index_of({}).identity, "");
  EXPECT_TRUE(index_of({}).env.empty());
  PackageIndex pip = index_of({{"PIP_INDEX_URL", "https://a/simple"}});
  EXPECT_EQ(pip.identity, "https://a/simple");
  EXPECT_EQ(pip.env.at("UV_DEFAULT_INDEX"), "https://a/simple");
  EXPECT_EQ(index_of({{"PIP_INDEX_URL", "https://a"}, {"UV_INDEX_URL", "https://b"}}).identity,
            "https://b");
  EXPECT_EQ(index_of({{"UV_DEFAULT_INDEX", "https://c"}, {"UV_INDEX_URL", "https://b"}}).identity,
            "https://c");
  EXPECT_EQ(index_of({{"UV_EXTRA_INDEX_URL", "https://x https://y"}}).identity,
            " + https://x + https://y");
}

TEST(Uv, PasswordOfAnIndexReachesUvButNotTheRecipe) {
  PackageIndex index = index_of({{"UV_DEFAULT_INDEX", "https://me:secret@host/simple"}});
  EXPECT_EQ(index.identity, "https://host/simple");
  EXPECT_EQ(index.env.at("UV_DEFAULT_INDEX"), "https://me:secret@host/simple");
}

TEST(Uv, ListGivesOrdinaryInterpretersOnly) {
  auto found = parse_uv_list_line(
      R"([{"version":"3.11.2","path":"/usr/bin/python3","implementation":"cpython","variant":"default"},)"
      R"({"version":"3.13.0","path":"/a","implementation":"cpython","variant":"freethreaded"},)"
      R"({"version":"3.10.1","path":"/b","implementation":"pypy","variant":"default"},)"
      R"({"version":"3.12.1","path":null,"implementation":"cpython","variant":"default"}])");
  ASSERT_TRUE(found.has_value());
  ASSERT_EQ(found->size(), 1U);
  EXPECT_EQ((*found)[0].path, "/usr/bin/python3");
  EXPECT_EQ((*found)[0].version.text(), "3.11.2");
}

TEST(Uv, NoiseBesideTheListIsNoList) {
  EXPECT_FALSE(parse_uv_list_line("warning: Failed to inspect Python interpreter").has_value());
  EXPECT_FALSE(parse_uv_list_line("         [stderr]").has_value());
  EXPECT_FALSE(parse_uv_list_line("[stderr]").has_value());
  EXPECT_TRUE(parse_uv_list_line("[]")->empty());
}

struct Blame {
  const char* output;
  const char* source;  // empty: nobody
};

TEST(Uv, ComplaintIsTracedToTheLineOfTheUser) {
  const std::vector<Requirement> requirements = {{"scikit-learn==1.0.*", "scikit-learn=1.0", "a:1"},
                                                 {"six==99", "six==99", "a:2"},
                                                 {"foo bar", "foo bar", "a:3"},
                                                 {"Some_Thing", "Some_Thing", "a:4"}};
  const Blame cases[] = {
      {"  cause: Because there is no version of six==99 and you require six==99, we can conclude",
       "six==99"},
      {"  cause: Because other was not found in the package registry and some-thing==1 depends on "
       "other, and you require some-thing, we can conclude",
       "Some_Thing"},
      {"error: Failed to build `scikit-learn==1.0.2`", "scikit-learn=1.0"},
      {"error: Couldn't parse requirement in `r.txt` at position 28", "foo bar"},
      {"  cause: only some-thing. is known", "Some_Thing"},
      {"error: Failed to fetch: connection refused", ""},
      {"error: sixty is no six-pack", ""},
  };
  for (const Blame& one : cases) {
    const Requirement* found = blamed_requirement({one.output}, requirements);
    EXPECT_EQ(found == nullptr ? "" : found->source, one.source) << one.output;
  }
}

TEST(Uv, ProgressBeforeTheErrorBlamesNobody) {
  std::vector<std::string> output = {"   Building six==1.0", "error: Failed to build `other==1`"};
  EXPECT_EQ(blamed_requirement(output, {{"six", "six", "a:1"}}), nullptr);
  EXPECT_EQ(failure_text(output), "error: Failed to build `other==1`");
}

TEST(Uv, LongFailureKeepsItsBeginningAndItsEnd) {
  std::vector<std::string> output = {"noise", "error: first"};
  for (int i = 0; i < 1000; ++i) output.push_back("line " + std::to_string(i));
  std::string text = failure_text(output);
  EXPECT_TRUE(text.starts_with("error: first\nline 0\n"));
  EXPECT_TRUE(text.ends_with("\nline 999"));
  EXPECT_NE(text.find("whole text is in the log"), std::string::npos);
  EXPECT_LT(std::count(text.begin(), text.end(), '\n'), 30);
}

}  // namespace
}  // namespace tidegate::image
