#include "domain/no_code.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "unit/domain/complaint_text.h"

namespace tidegate::domain {
namespace {

struct Chosen {
  std::optional<Environment> environment;
  std::string said;

  bool has(const std::string& line) const {
    return environment && std::ranges::find(environment->pip, line) != environment->pip.end();
  }
};

Chosen choose(const std::string& framework, const std::string& version) {
  Model model{.name = "m", .version = 2};
  model.framework = framework;
  model.framework_version = version;
  Complaints complaints;
  Chosen chosen{.environment = no_code_environment(model, "modelIds", complaints), .said = {}};
  chosen.said = text_of(complaints);
  return chosen;
}

TEST(NoCode, TheVersionOfTheModelIsThatOfThePackageAndPicksThePython) {
  struct Case {
    const char *version, *python, *with;
  };
  for (const Case& one :
       {Case{"0.22", "3.8", "numpy==1.19.5"}, Case{"0.24.2", "3.8", "numpy==1.19.5"},
        Case{"1.0.2", "3.9", "numpy==1.22.4"}, Case{"1.1.3", "3.10", "scipy==1.9.3"},
        Case{"1.2.0", "3.11", "numpy==1.24.4"}, Case{"1.5.2", "3.11", "pandas==2.2.3"},
        Case{"1.9.1", "3.11", "numpy==2.4.6"}, Case{"2.0", "3.11", "numpy==2.4.6"}}) {
    Chosen chosen = choose("ScikitLearn", one.version);
    ASSERT_TRUE(chosen.environment) << chosen.said;
    EXPECT_EQ(chosen.said, "");
    EXPECT_EQ(chosen.environment->python_version, one.python) << one.version;
    EXPECT_TRUE(chosen.has(std::string("scikit-learn==") + one.version)) << one.version;
    EXPECT_TRUE(chosen.has(one.with)) << one.version;
  }
}

TEST(NoCode, EveryPackageIsPinnedAndNothingIsCompiled) {
  for (std::string_view framework : no_code_frameworks()) {
    Chosen chosen = choose(std::string(framework), "");
    ASSERT_TRUE(chosen.environment) << framework;
    EXPECT_TRUE(chosen.has("--only-binary=:all:")) << framework;
    for (const std::string& line : chosen.environment->pip) {
      EXPECT_TRUE(line.starts_with('-') || line.find("==") != std::string::npos) << line;
    }
    EXPECT_TRUE(chosen.environment->conda.empty());
    // What clients are shown is what is built.
    Complaints complaints;
    Environment again = parse_environment(chosen.environment->raw, "", complaints);
    EXPECT_EQ(text_of(complaints), "");
    EXPECT_EQ(again.pip, chosen.environment->pip);
    EXPECT_EQ(again.python_version, chosen.environment->python_version);
  }
}

TEST(NoCode, AVersionThatWeChooseIsAWarning) {
  Chosen chosen = choose("ScikitLearn", "");
  EXPECT_TRUE(chosen.has("scikit-learn==1.9.1"));
  EXPECT_EQ(chosen.said,
            "warning: modelIds: model m:2 was registered without --model-framework-version: it is "
            "served with scikit-learn 1.9.1, whatever wrote it\n");
}

TEST(NoCode, APackageThatCannotBeHadIsBlamedOnTheModel) {
  Chosen chosen = choose("ScikitLearn", "1.0.77");
  ASSERT_TRUE(chosen.environment);
  EXPECT_EQ(chosen.environment->origins.at("scikit-learn==1.0.77"),
            "--model-framework-version of m:2, for which a Python 3.9 must be there");
}

TEST(NoCode, WhatHasNoPackageIsRefused) {
  Chosen old = choose("ScikitLearn", "0.19.1");
  EXPECT_FALSE(old.environment);
  EXPECT_EQ(
      old.said,
      "modelIds: model m:2 was registered with --model-framework-version 0.19.1, but "
      "scikit-learn before 0.22 has no packages for Python 3.8 or newer; write the model with "
      "a newer one, or deploy it with -ic/--inference-config-file\n");
  for (const char* version :
       {"latest", "v1.0", "1.0; os_name", "1.0 --index-url x", "1. --pre", "-1", "1.0\n"}) {
    Chosen chosen = choose("ScikitLearn", version);
    EXPECT_FALSE(chosen.environment) << version;
    EXPECT_NE(chosen.said.find("is no version of scikit-learn; register it again with one such as"),
              std::string::npos)
        << version << ": " << chosen.said;
  }
}

TEST(NoCode, XgboostComesWithoutWhatOnlyAGpuNeedsWhereThereIsSuchAPackage) {
  EXPECT_TRUE(choose("XGBoost", "1.5.2").has("xgboost==1.5.2"));
  EXPECT_TRUE(choose("XGBoost", "2.1.0").has("xgboost==2.1.0"));
  EXPECT_TRUE(choose("XGBoost", "2.1.1").has("xgboost-cpu==2.1.1"));
  EXPECT_TRUE(choose("XGBoost", "3.2.0").has("scikit-learn==1.9.1"));
  EXPECT_EQ(choose("XGBoost", "3.4.1").environment->python_version, "3.12");
  EXPECT_EQ(choose("XGBoost", "1.5.2").environment->python_version, "3.9");
  EXPECT_NE(choose("XGBoost", "0.90").said.find("xgboost before 1.0 has no packages"),
            std::string::npos);
}

TEST(NoCode, TheVersionOfAnOnnxModelIsThatOfTheFormat) {
  for (const char* version : {"", "1.3", "1.16.1"}) {
    Chosen chosen = choose("Onnx", version);
    EXPECT_EQ(chosen.said, "");
    EXPECT_TRUE(chosen.has("onnxruntime==1.32.0")) << version;
  }
}

TEST(NoCode, SavedModelsOfATensorFlowWithoutPackagesAreReadByANewerOne) {
  EXPECT_TRUE(choose("TensorFlow", "2.21.1").has("tensorflow-cpu==2.21.1"));
  Chosen old = choose("TensorFlow", "1.14.0");
  EXPECT_TRUE(old.has("tensorflow-cpu==2.21.0"));
  EXPECT_EQ(old.said,
            "warning: modelIds: model m:2 was written by tensorflow 1.14.0 and is served with "
            "2.21.0, which reads it\n");
}

TEST(NoCode, OtherFrameworksAreRefusedInTheSdksWords) {
  for (const char* framework : {"", "Custom", "PyTorch", "TfKeras", "Multi"}) {
    Chosen chosen = choose(framework, "1.0");
    EXPECT_FALSE(chosen.environment);
    std::string name = *framework == '\0' ? "None" : framework;
    EXPECT_TRUE(chosen.said.starts_with(
        "modelIds: You must provide an InferenceConfig when deploying a model with model_framework "
        "set to " +
        name + ". Default environments are only provided for these frameworks: ['"))
        << chosen.said;
    EXPECT_TRUE(
        chosen.said.ends_with("']. Register m:2 again with --model-framework, or deploy it with "
                              "-ic/--inference-config-file\n"))
        << chosen.said;
  }
}

TEST(NoCode, TheLogSaysWhatWasChosen) {
  Workload workload{.models = {{"m", 2}}, .framework = "ScikitLearn"};
  workload.environment = *choose("ScikitLearn", "1.0.2").environment;
  EXPECT_TRUE(
      no_code_summary(workload).starts_with("No inference config: model m:2 (ScikitLearn) is "
                                            "served by Tidegate's own script, with Python 3.9, "
                                            "scikit-learn==1.0.2, numpy==1.22.4, "))
      << no_code_summary(workload);
}

}  // namespace
}  // namespace tidegate::domain
