#include "domain/environment.h"

#include <gtest/gtest.h>

#include "unit/domain/complaint_text.h"

namespace tidegate::domain {
namespace {

TEST(Environment, ReadsWhatTidegateActsOnAndKeepsTheWhole) {
  Json json =
      Json::parse(R"({"name":"my-env","version":1,"environmentVariables":{"K":"V","PORT":80},
    "python":{"userManagedDependencies":false,"interpreterPath":"python",
      "condaDependencies":{"name":"project_environment","channels":["conda-forge"],
        "dependencies":["python=3.8",{"pip":["azureml-defaults","scikit-learn"]}]}},
    "docker":{"enabled":false,"baseImage":"img","arguments":[],"sharedVolumes":true},
    "spark":{"packages":[]},"databricks":{},"r":null,"inferencingStackVersion":null,"assetId":null})");
  Complaints complaints;
  Environment environment = parse_environment(json, "i.json: environment", complaints);
  EXPECT_EQ(text_of(complaints), "");
  EXPECT_EQ(environment.name, "my-env");
  EXPECT_EQ(environment.version, "1");
  EXPECT_EQ(environment.variables,
            (std::map<std::string, std::string>{{"K", "V"}, {"PORT", "80"}}));
  EXPECT_EQ(environment.python_version, "3.8");
  EXPECT_EQ(environment.pip, (std::vector<std::string>{"azureml-defaults", "scikit-learn"}));
  EXPECT_EQ(environment.channels, std::vector<std::string>{"conda-forge"});
  EXPECT_EQ(environment.base_image, "img");
  EXPECT_EQ(environment.origins.at("scikit-learn"),
            "i.json: environment.python.condaDependencies.dependencies[1].pip[1]");
  EXPECT_EQ(environment.raw, json);
}

TEST(Environment, MissingKeysHaveThePlatformsDefaults) {
  Complaints complaints;
  Environment environment = parse_environment(Json::object(), "environment", complaints);
  EXPECT_EQ(text_of(complaints), "");
  EXPECT_FALSE(environment.user_managed);
  EXPECT_EQ(environment.interpreter, "python");
  EXPECT_TRUE(environment.pip.empty());
}

TEST(Environment, AllProblemsAreNamedByKey) {
  Json json = Json::parse(R"({"name":7,"environmentVariables":{"A=B":"x","ok":true},
    "python":{"userManagedDependencies":"yes","interpreterPath":"","condaDependencies":"conda.yml",
              "interpreterpath":"x"},
    "docker":{"baseImage":"a","baseDockerfile":"FROM b","buildContext":{"location":"."}},
    "pyton":{}})");
  Complaints complaints;
  parse_environment(json, "environment", complaints);
  EXPECT_EQ(
      text_of(complaints),
      "environment.name: must be a text, is the number 7\n"
      "environment.environmentVariables.ok: must be a text, is true\n"
      "environment.environmentVariables: \"A=B\" is no name of an environment variable\n"
      "environment.python.userManagedDependencies: must be true or false, is the text \"yes\"\n"
      "environment.python.condaDependencies: must be an object, is the text \"conda.yml\"\n"
      "environment.python.interpreterPath: must not be empty: \"python\" or a path\n"
      "environment.docker.baseDockerfile: baseDockerfile and baseImage together: set one of them "
      "to null\n"
      "warning: environment.python.interpreterpath: unknown key, ignored; did you mean "
      "interpreterPath?\n"
      "warning: environment.docker.buildContext: Docker build contexts are not offered yet, "
      "ignored\n"
      "warning: environment.pyton: unknown key, ignored; did you mean python?\n");
}

TEST(Environment, AnEnvironmentThatIsNoObjectIsSaidSo) {
  Complaints complaints;
  parse_environment(Json("my-env"), "i.json: environment", complaints);
  EXPECT_EQ(text_of(complaints),
            "i.json: environment: must be an object, is the text \"my-env\"\n");
}

}  // namespace
}  // namespace tidegate::domain
