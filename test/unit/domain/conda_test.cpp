#include "domain/conda.h"

#include <gtest/gtest.h>

#include "unit/domain/complaint_text.h"

namespace tidegate::domain {
namespace {

TEST(Conda, AFileKnowsTheLineOfEachPackage) {
  Complaints complaints;
  CondaFile file = parse_conda(
      "name: project_environment\n"
      "channels:\n"
      "  - conda-forge\n"
      "dependencies:\n"
      "  - python=3.8.13\n"
      "  - numpy=1.19\n"
      "  - pip:\n"
      "    - azureml-defaults\n"
      "    - scikit-learn==0.24\n",
      "env/conda.yml", complaints);
  EXPECT_EQ(text_of(complaints), "");
  EXPECT_EQ(file.origins.at("python=3.8.13"), "env/conda.yml:5");
  EXPECT_EQ(file.origins.at("numpy=1.19"), "env/conda.yml:6");
  EXPECT_EQ(file.origins.at("scikit-learn==0.24"), "env/conda.yml:9");
  EXPECT_EQ(file.json["channels"], Json::parse(R"(["conda-forge"])"));
}

TEST(Conda, AllProblemsOfAFileAreNamedByLine) {
  Complaints complaints;
  parse_conda(
      "nmae: x\n"
      "channels: 3\n"
      "dependencies:\n"
      "  - 5\n"
      "  - pip: scikit-learn\n"
      "  - conda: [x]\n"
      "  - pip:\n"
      "    - a: b\n"
      "    - ''\n"
      "  - =1.0\n"
      "  - python>=3.6\n",
      "c.yml", complaints);
  EXPECT_EQ(text_of(complaints),
            "c.yml:2: must be a list\n"
            "c.yml:4: must be a package or `pip:` with a list, is the number 5\n"
            "c.yml:5: must be a list, is the text \"scikit-learn\"\n"
            "c.yml:6: must be a package or `pip:` with a list, is an object\n"
            "c.yml:8: must be a package, is an object\n"
            "c.yml:9: must be a package, is the text \"\"\n"
            "c.yml:10: \"=1.0\" names no package\n"
            "warning: c.yml:1: unknown key nmae, ignored; did you mean name?\n"
            "warning: c.yml:11: only one version can be asked for, as in python=3.8; with "
            "\"python>=3.6\" any Python 3 is taken\n");
}

TEST(Conda, AFileThatIsNoYamlIsSaidSo) {
  Complaints complaints;
  parse_conda("dependencies: [a\nb: 1", "c.yml", complaints);
  parse_conda("just text", "d.yml", complaints);
  ASSERT_EQ(complaints.problems().size(), 2U);
  EXPECT_TRUE(line_of(complaints.problems()[0]).starts_with("c.yml: line 2, column "));
  EXPECT_EQ(line_of(complaints.problems()[1]),
            "d.yml: must be a conda YAML file with `dependencies:`");
}

std::string python_of(const char* spec) {
  Environment environment;
  Complaints complaints;
  read_conda(
      Json{{"dependencies", {spec}}}, [](std::string_view path) { return std::string(path); },
      environment, complaints);
  return complaints.warnings().empty() ? environment.python_version : "warned";
}

TEST(Conda, PythonVersionIsReadFromItsSpec) {
  EXPECT_EQ(python_of("python=3.8"), "3.8");
  EXPECT_EQ(python_of("python==3.8.13"), "3.8.13");
  EXPECT_EQ(python_of("python = 3.9"), "3.9");
  EXPECT_EQ(python_of("python 3.7.*"), "3.7");
  EXPECT_EQ(python_of("conda-forge::python=3.10"), "3.10");
  EXPECT_EQ(python_of("python=3.8=h123_cpython"), "3.8");
  EXPECT_EQ(python_of("python"), "");
  EXPECT_EQ(python_of("python>=3.6,<3.9"), "warned");
  EXPECT_EQ(python_of("python=3.x"), "warned");
}

TEST(Conda, PackagesThatOnlyBeginLikePythonOrPipAreKept) {
  Environment environment;
  Complaints complaints;
  Json conda{
      {"dependencies", {"python-dateutil", "pip", "pip=20.1", "pipdeptree", "conda-forge::numpy"}}};
  read_conda(
      conda, [](std::string_view path) { return std::string(path); }, environment, complaints);
  EXPECT_EQ(environment.conda,
            (std::vector<std::string>{"python-dateutil", "pipdeptree", "conda-forge::numpy"}));
  EXPECT_EQ(environment.origins.at("pipdeptree"), "dependencies[3]");
}

}  // namespace
}  // namespace tidegate::domain
