#include "domain/inference_config.h"

#include <gtest/gtest.h>

#include "unit/domain/complaint_text.h"

namespace tidegate::domain {
namespace {

InferenceConfig parsed(const char* text, std::string* complaints_text) {
  Complaints complaints;
  auto config = parse_inference_config(Json::parse(text), "i.json:", complaints);
  *complaints_text = text_of(complaints);
  return config;
}

TEST(InferenceConfig, TheNewSpellingIsTaken) {
  std::string complaints;
  auto config = parsed(R"({"entryScript":"score.py","sourceDirectory":"./src","description":"d",
                           "environment":{"name":"e","python":{}}})",
                       &complaints);
  EXPECT_EQ(complaints, "");
  EXPECT_EQ(config.entry_script, "score.py");
  EXPECT_EQ(config.source_directory, "./src");
  EXPECT_EQ(environment_of(config, {}, "svc"), Json::parse(R"({"name":"e","python":{}})"));
}

TEST(InferenceConfig, TheOldSpellingBecomesAnEnvironmentNamedAfterTheService) {
  std::string complaints;
  auto config = parsed(
      R"({"entryScript":"score.py","runtime":"python","condaFile":"c.yml","baseImage":"img"})",
      &complaints);
  EXPECT_EQ(complaints, "");
  EXPECT_EQ(config.conda_path(), "c.yml");
  Complaints none;
  NamedFiles files{.conda = parse_conda("dependencies: [python=3.8]", "c.yml", none)};
  EXPECT_EQ(environment_of(config, files, "svc"),
            Json::parse(R"({"name":"svc-env","environmentVariables":{},
      "python":{"userManagedDependencies":false,"condaDependencies":{"dependencies":["python=3.8"]}},
      "docker":{"baseImage":"img"}})"));
}

TEST(InferenceConfig, OldDockerStepsFollowTheBaseImage) {
  std::string complaints;
  auto config =
      parsed(R"({"entryScript":"score.py","extraDockerfileSteps":"steps","baseImage":"img"})",
             &complaints);
  EXPECT_EQ(complaints, "");
  Json environment = environment_of(config, {.docker_steps = "RUN true\n"}, "svc");
  EXPECT_EQ(environment["docker"], Json::parse(R"({"baseDockerfile":"FROM img\nRUN true\n"})"));
}

TEST(InferenceConfig, AnEnvironmentMayNameItsCondaFile) {
  std::string complaints;
  auto config = parsed(
      R"({"entryScript":"score.py","environment":{"python":{"condaDependenciesFile":"c.yml"}}})",
      &complaints);
  EXPECT_EQ(complaints, "");
  EXPECT_EQ(config.conda_path(), "c.yml");
  Complaints none;
  NamedFiles files{.conda = parse_conda("dependencies: [numpy]", "c.yml", none)};
  EXPECT_EQ(environment_of(config, files, "svc")["python"]["condaDependencies"],
            Json::parse(R"({"dependencies":["numpy"]})"));
}

struct Bad {
  const char* config;
  const char* complaints;
};

TEST(InferenceConfig, BadOnesAreToldWhatWouldBeRight) {
  for (
      const Bad& bad : {
          Bad{R"({"environment":{}})",
              "i.json: entryScript: is missing: the script with init() and run()\n"},
          Bad{R"({"entryScript":7,"environment":{}})",
              "i.json: entryScript: must be a text, is the number 7\n"},
          Bad{R"({"entryScript":"score.sh","environment":{}})",
              "i.json: entryScript: Invalid driver type. Currently only Python drivers are "
              "supported: must end in "
              ".py, is \"score.sh\"\n"},
          Bad{R"({"entryScript":"my-score.py","environment":{}})",
              "i.json: entryScript: \"my-score\" cannot be imported by Python: letters, digits and "
              "'_' only, no "
              "digit first, no keyword\n"},
          Bad{R"({"entryScript":"class.py","environment":{}})",
              "i.json: entryScript: \"class\" cannot be imported by Python: letters, digits and "
              "'_' only, no digit "
              "first, no keyword\n"},
          Bad{R"({"entryScript":"../score.py","environment":{}})",
              "i.json: entryScript: \"../score.py\" must be relative and below the source "
              "directory\n"},
          Bad{R"({"entryScript":"/score.py","environment":{}})",
              "i.json: entryScript: \"/score.py\" must be relative and below the source "
              "directory\n"},
          Bad{R"({"entryScript":"score.py"})",
              "i.json: environment: is missing: give an environment with python.condaDependencies, "
              "or condaFile\n"},
          Bad{R"({"entryScript":"score.py","environment":"my-env"})",
              "i.json: environment: must be an object, is the text \"my-env\"\n"},
          Bad{R"({"entryScript":"score.py","environment":{},"condaFile":"c.yml","enableGpu":false})",
              "i.json: condaFile: cannot be given together with environment: move it into "
              "environment\n"},
          Bad{R"({"entryScript":"score.py","runtime":"spark-py"})",
              "i.json: runtime: spark-py is not offered; use python\n"},
          Bad{R"({"entryScript":"score.py","runtime":"python","cudaVersion":"11"})",
              "i.json: cudaVersion: must be 9.0, 9.1 or 10.0, is 11\n"},
          Bad{R"({"entryScript":"score.py","runtime":"python","baseImageRegistry":{"address":"a"}})",
              "i.json: baseImageRegistry: address, username and password go together\n"},
          Bad{R"({"entryscript":"score.py","environment":{}})",
              "i.json: entryScript: is missing: the script with init() and run()\n"
              "warning: i.json: entryscript: unknown key, ignored; did you mean entryScript?\n"},
      }) {
    std::string complaints;
    parsed(bad.config, &complaints);
    EXPECT_EQ(complaints, bad.complaints) << bad.config;
  }
}

TEST(EntryScript, MayLieDeeper) {
  Complaints complaints;
  check_entry_script("a/b/../score.py", "x", complaints);
  check_entry_script("./score.py", "x", complaints);
  EXPECT_EQ(text_of(complaints), "");
}

}  // namespace
}  // namespace tidegate::domain
