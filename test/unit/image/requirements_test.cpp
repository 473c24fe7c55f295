#include "image/requirements.h"

#include <gtest/gtest.h>

#include "image/recipe.h"

namespace tidegate::image {
namespace {

TEST(Requirements, CondaFormsBecomePipForms) {
  const std::pair<const char*, const char*> cases[] = {
      {"numpy", "numpy"},
      {"numpy=1.20", "numpy==1.20.*"},
      {"numpy=1.20.3", "numpy==1.20.3.*"},
      {"numpy=1.20.*", "numpy==1.20.*"},
      {"numpy=1.20*", "numpy==1.20.*"},
      {"numpy=1.20rc1", "numpy==1.20rc1"},
      {"numpy=*", "numpy"},
      {"numpy==1.20.3", "numpy==1.20.3"},
      {"numpy=1.20.3=py38_0", "numpy==1.20.3"},
      {"numpy>=1.20", "numpy>=1.20"},
      {"numpy >=1.20, <2", "numpy>=1.20,<2"},
      {"numpy!=1.21", "numpy!=1.21"},
      {"numpy~=1.20", "numpy~=1.20"},
      {"numpy 1.20.3", "numpy==1.20.3"},
      {"numpy 1.20.*", "numpy==1.20.*"},
      {"numpy 1.20.3 py38_0", "numpy==1.20.3"},
      {"conda-forge::numpy=1.20", "numpy==1.20.*"},
      {"scikit-learn=1.0", "scikit-learn==1.0.*"},
      {"pytorch=1.10", "torch==1.10.*"},
      {"ruamel_yaml", "ruamel.yaml"},
      {"msgpack-python>=1", "msgpack>=1"},
  };
  for (const auto& [conda, pip] : cases)
    EXPECT_EQ(pip_form_of_conda(conda).value_or("?"), pip) << conda;
}

TEST(Requirements, CondaFormsWithoutMeaningForPypiAreNoGuess) {
  for (const char* spec : {"numpy[version='>=1.8']", "numpy=1.8|1.9", "numpy>1.8,<2|=1.9",
                           "numpy=", "numpy=1.8,<2", ""}) {
    EXPECT_FALSE(pip_form_of_conda(spec).has_value()) << spec;
  }
}

TEST(Requirements, TextIsCondaThenPipInTheirOrder) {
  domain::Environment environment;
  environment.conda = {"scipy=1.11", "numpy"};
  environment.pip = {"six==1.16.0", "uvloop>=0.1; python_version > '3.8'"};
  domain::Complaints complaints;
  EXPECT_EQ(requirements_of(environment, complaints),
            "scipy==1.11.*\nnumpy\nsix==1.16.0\nuvloop>=0.1; python_version > '3.8'\n");
  EXPECT_TRUE(complaints.empty());
}

TEST(Requirements, WhatPypiCannotHaveIsNamedWithItsLine) {
  domain::Environment environment;
  environment.conda = {"cudatoolkit=11.3",     "numpy",     "libgcc-ng",
                       "conda-forge::OpenSSL", "r-ggplot2", "_libgcc_mutex"};
  environment.origins = {{"cudatoolkit=11.3", "conda_dependencies.yml:7"}};
  domain::Complaints complaints;
  EXPECT_EQ(requirements_of(environment, complaints), "numpy\n");
  ASSERT_EQ(complaints.problems().size(), 5U);
  EXPECT_EQ(complaints.problems()[0].where, "conda_dependencies.yml:7");
  EXPECT_NE(complaints.problems()[0].what.find("cudatoolkit"), std::string::npos);
  EXPECT_NE(complaints.problems()[2].what.find("OpenSSL"), std::string::npos);
}

TEST(Requirements, FilesThatTheBuildCannotSeeAreRefused) {
  for (const char* line : {"-e .", "-r more.txt", "--requirement more.txt", "-c limits.txt",
                           "./package", "/opt/package", "pkg @ file:///opt/pkg.whl"}) {
    domain::Environment environment;
    environment.pip = {line};
    domain::Complaints complaints;
    EXPECT_EQ(requirements_of(environment, complaints), "") << line;
    EXPECT_EQ(complaints.problems().size(), 1U) << line;
  }
}

TEST(Requirements, APipLineWithABreakIsRefused) {
  domain::Environment environment;
  environment.pip = {"six\n--index-url elsewhere"};
  domain::Complaints complaints;
  EXPECT_EQ(requirements_of(environment, complaints), "");
  EXPECT_EQ(complaints.problems().size(), 1U);
}

TEST(Requirements, NamesAreComparedAsPypiDoes) {
  EXPECT_EQ(normalized_name("Scikit_Learn"), "scikit-learn");
  EXPECT_EQ(normalized_name("ruamel..yaml"), "ruamel-yaml");
  EXPECT_EQ(package_name("six==1.16.0"), "six");
  EXPECT_EQ(package_name("  uvicorn[standard]>=0.1"), "uvicorn");
  EXPECT_EQ(package_name("--pre"), "");
}

}  // namespace
}  // namespace tidegate::image
