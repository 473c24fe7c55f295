#include <gtest/gtest.h>

#include "unit/cli/project.h"

namespace tidegate::cli {
namespace {

class DeployTest : public testing::Test {
 protected:
  DeployTest() {
    write_project(session);
    serve_deployment(session);
  }
  int deploy(const std::string& more = "") {
    return session.run(
        "model deploy -n svc -m m:1 -ic inferenceconfig.json -dc deploymentconfig.json " + more);
  }
  // Nothing but problems, all of them, and no call.
  void expect_refused(const std::string& flags, const std::string& said) {
    EXPECT_EQ(session.run("model deploy " + flags), 1);
    EXPECT_EQ(session.said(), said) << flags;
    EXPECT_TRUE(session.server.requests.empty());
    EXPECT_EQ(session.out, "");
  }
  Json request() { return session.server.sent("POST services"); }

  Session session;
};

TEST_F(DeployTest, ChecksThenUploadsThenCreatesThenFollows) {
  EXPECT_EQ(deploy("-ct myaks --tag a=b --property p=q --description words --overwrite"), 0)
      << session.err;
  auto calls = session.server.calls();
  ASSERT_EQ(calls.size(), 9U);
  EXPECT_EQ(calls[0], "POST services/validate");
  EXPECT_TRUE(calls[1].starts_with("POST artifacts/batch/metadata/LocalUpload/"));
  EXPECT_TRUE(calls[2].starts_with("PUT /content/"));
  EXPECT_EQ(calls[3], "POST assets");
  EXPECT_EQ(calls[4], "POST services");
  EXPECT_EQ(calls[5], "GET operations/op-1");
  EXPECT_EQ(calls.back(), "GET services/svc?expand=true");

  Json body = request();
  Json workload = body["environmentImageRequest"];
  body.erase("environmentImageRequest");
  EXPECT_EQ(
      body,
      Json::parse(R"({"name":"svc","description":"words","kvTags":{"a":"b"},"properties":{"p":"q"},
      "computeType":"AKS","computeName":"myaks","overwrite":true,"numReplicas":1})"));
  EXPECT_EQ(
      workload,
      Json::parse(R"({"driverProgram":null,"assets":[{"id":"asset-1","url":"aml://asset/asset-1",
      "mimeType":"application/octet-stream","unpack":true}],"modelIds":["m:1"],
      "environment":{"name":"e","python":{},"environmentVariables":{"AZUREML_ENTRY_SCRIPT":"work/score.py",
                     "AZUREML_SOURCE_DIRECTORY":"work"}},"tidegate":{"origins":{}}})"));
  EXPECT_EQ(session.result()["state"], "Healthy");
}

TEST_F(DeployTest, TheServerChecksTheScriptBeforeItIsUploaded) {
  session.server.on(
      "POST services/validate", 200,
      Json::parse(
          R"({"error":{"message":"score.py: line 3, column 9: invalid syntax","details":[]}})"));
  EXPECT_EQ(deploy("--strict --ignore-docker-steps"), 1);
  EXPECT_EQ(session.server.calls(),
            std::vector<std::string>{"POST services/validate?strict=true&ignoreDockerSteps=true"});
  Json check = session.server.sent("POST services/validate");
  EXPECT_EQ(check["type"], "Create");
  EXPECT_EQ(check["entryScript"]["name"], "score.py");
  EXPECT_EQ(check["entryScript"]["text"], "def init(): pass\ndef run(body): return 1\n");
  EXPECT_EQ(check["createRequest"]["environmentImageRequest"]["assets"], Json::array());
  EXPECT_NE(session.err.find("ERROR: score.py: line 3, column 9: invalid syntax\n"),
            std::string::npos);
}

TEST_F(DeployTest, DockerStepsThatAreRefusedComeWithTheFlagThatHelps) {
  session.server.on(
      "POST services/validate", 200,
      Json{
          {"error", {{"message", "environment.docker.baseDockerfile: Docker steps are not run"}}}});
  EXPECT_EQ(deploy(), 1);
  EXPECT_NE(
      session.err.find("hint: --ignore-docker-steps deploys without running the Docker steps\n"),
      std::string::npos);
}

TEST_F(DeployTest, WithoutASourceFolderTheScriptAloneIsSent) {
  session.write("sub/lone.py", "x = 1\n");
  session.write("i.yml", "entryScript: sub/lone.py\nenvironment: {python: {}}\n");
  EXPECT_EQ(session.run("model deploy -n svc -ic i.yml"), 0) << session.err;
  EXPECT_EQ(session.server.requests[2].body_file, os::Path());
  Json workload = request()["environmentImageRequest"];
  EXPECT_EQ(workload["environment"]["environmentVariables"],
            Json::parse(R"({"AZUREML_ENTRY_SCRIPT":"lone.py"})"));
  EXPECT_EQ(workload["assets"][0]["mimeType"], "application/x-python");
  EXPECT_EQ(workload["assets"][0]["unpack"], false);
  EXPECT_EQ(workload["modelIds"], Json::array());
  EXPECT_EQ(session.server.sent("POST assets")["name"], "lone.py");
}

TEST_F(DeployTest, FlagsOverrideTheFilesAndEndUpInTheRequest) {
  EXPECT_EQ(deploy("-nr 3 --ae false --rm 4 -gc 0 --cc 0.5 -kp my-key --cp AKS"), 0) << session.err;
  Json body = request();
  EXPECT_EQ(body["numReplicas"], 3);
  EXPECT_EQ(body["authEnabled"], false);
  EXPECT_EQ(body["maxConcurrentRequestsPerContainer"], 4);
  EXPECT_EQ(body["containerResourceRequirements"], Json::parse(R"({"cpu":0.5,"gpu":0})"));
  EXPECT_EQ(body["keys"], Json::parse(R"({"primaryKey":"my-key"})"));
}

TEST_F(DeployTest, OneModelWithoutAnInferenceConfigIsAskedForByItsIdAlone) {
  EXPECT_EQ(session.run("model deploy -n svc -m m:1"), 0) << session.err;
  auto calls = session.server.calls();
  EXPECT_EQ(calls[0], "POST services/validate");
  EXPECT_EQ(calls[1], "POST services");
  EXPECT_EQ(request()["environmentImageRequest"], Json::parse(R"({"modelIds":["m:1"]})"));
  EXPECT_FALSE(session.server.sent("POST services/validate").contains("entryScript"));
}

TEST_F(DeployTest, WithoutAnInferenceConfigExactlyOneModelIsNeeded) {
  for (const char* flags : {"-n svc", "-n svc -m m:1 -m n:1"}) {
    expect_refused(flags,
                   "ERROR: -ic/--inference-config-file: You must provide an InferenceConfig when "
                   "deploying zero or multiple models.\n");
  }
}

TEST_F(DeployTest, TheTargetOfTheFileIsUsedUnlessAFlagNamesAnother) {
  session.write("deploymentconfig.json", R"({"computeType":"AKS","computeTargetName":"filed"})");
  deploy();
  EXPECT_EQ(request()["computeName"], "filed");
  deploy("-ct flagged");
  EXPECT_EQ(request()["computeName"], "flagged");
}

TEST_F(DeployTest, AllProblemsOfAllFilesAndFlagsAreToldAtOnce) {
  session.write("d.json", R"({"computeType":"aci","numReplicas":"two","maxQueueWaitMs":0})");
  session.write(
      "i.json",
      R"({"entryScript":"nowhere.py","sourceDirectory":".","environment":{"python":{"interpreterPath":7}}})");
  expect_refused(
      "-n X -m m -ic i.json -dc d.json --tm soon --tag x --mi 2",
      "ERROR: 10 problems, nothing was sent:\n"
      "  -n/--name: \"X\" is no service name: 3 to 32 lower-case letters, digits and '-', a letter "
      "first and no "
      "'-' at the end\n"
      "  d.json: computeType: aci is not offered yet; use AKS: it runs on this machine too\n"
      "  d.json: numReplicas: must be a whole number, is the text \"two\"\n"
      "  -tm/--scoring-timeout-ms: must be a whole number, is the text \"soon\"\n"
      "  d.json: maxQueueWaitMs: max_request_wait_time must be greater than zero, is 0\n"
      "  -mi/--autoscale-min-replicas: autoscale_min_replicas provided without enabling "
      "autoscaling: add "
      "autoScaler.autoscaleEnabled: true, or leave it out\n"
      "  -m/--model: \"m\" names no version: write name:version, for example m:1\n"
      "  --tag: must be key=value, is \"x\"\n"
      "  i.json: environment.python.interpreterPath: must be a text, is the number 7\n"
      "  i.json: entryScript: nowhere.py is not there: looked for WORK/nowhere.py\n");
}

struct Bad {
  const char* flags;
  const char* said;
};

TEST_F(DeployTest, FilesThatCannotBeReadAreNamedWithTheirFlag) {
  session.write("broken.json", "{\"computeType\": \"aks\",\n \"numReplicas\": }\n");
  session.write("list.yml", "- a\n");
  session.write("empty.json", "");
  session.write("meta.json", "{}");
  std::filesystem::create_directories(session.folder() / "folder");
  const std::string good = "-n svc -ic inferenceconfig.json ";
  for (const Bad& bad : {
           Bad{"-dc nowhere.json",
               "ERROR: -dc/--deploy-config-file: nowhere.json is not there: looked for "
               "WORK/nowhere.json\n"},
           Bad{"-dc folder", "ERROR: -dc/--deploy-config-file: folder is a folder, not a file\n"},
           Bad{"-dc list.yml",
               "ERROR: list.yml: must be JSON or YAML with keys and values at the top\n"},
           Bad{"-dc empty.json", "ERROR: empty.json: the file is empty\n"},
           Bad{"-f meta.json", "ERROR: -f/--model-metadata-file: meta.json has no modelId\n"},
       }) {
    expect_refused(good + bad.flags, bad.said);
  }
  EXPECT_EQ(session.run("model deploy " + good + "-dc broken.json"), 1);
  EXPECT_TRUE(session.err.starts_with("ERROR: broken.json: line 2, column ")) << session.err;
  expect_refused("-n svc -m m:1 -cf conda.yml",
                 "ERROR: -ic/--inference-config-file: is required (or -es/--entry-script with "
                 "-cf/--conda-file)\n");
}

TEST_F(DeployTest, BothPlacesOfAMissingFileAreNamed) {
  session.write("conf/i.json",
                R"({"entryScript":"nowhere.py","sourceDirectory":"src","condaFile":"c.yml"})");
  expect_refused(
      "-n svc -ic conf/i.json",
      "ERROR: 2 problems, nothing was sent:\n"
      "  conf/i.json: sourceDirectory: src is no folder: looked for WORK/src and WORK/conf/src\n"
      "  conf/i.json: condaFile: c.yml is not there: looked for WORK/c.yml and WORK/conf/c.yml\n");
  std::filesystem::create_directories(session.folder() / "src");
  expect_refused(
      "-n svc -ic conf/i.json",
      "ERROR: 2 problems, nothing was sent:\n"
      "  conf/i.json: entryScript: nowhere.py is not there: looked for WORK/src/nowhere.py and "
      "WORK/conf/src/nowhere.py\n"
      "  conf/i.json: condaFile: c.yml is not there: looked for WORK/c.yml and WORK/conf/c.yml\n");
}

TEST_F(DeployTest, PathsBeginInTheCurrentFolderElseBesideTheConfig) {
  session.write("conf/i.json",
                R"({"entryScript":"s.py","sourceDirectory":".","condaFile":"c.yml"})");
  session.write("conf/s.py", "beside the config");
  session.write("conf/c.yml", "dependencies: [python=3.11]\n");
  EXPECT_EQ(session.run("model deploy -n svc -ic conf/i.json"), 0) << session.err;
  EXPECT_EQ(session.server.sent("POST services/validate")["entryScript"]["text"],
            "beside the config");
  EXPECT_EQ(request()["environmentImageRequest"]["environment"]["environmentVariables"]
                     ["AZUREML_ENTRY_SCRIPT"],
            "conf/s.py");
  session.write("s.py", "in the current folder");
  EXPECT_EQ(session.run("model deploy -n svc -ic conf/i.json"), 0) << session.err;
  EXPECT_EQ(session.server.sent("POST services/validate")["entryScript"]["text"],
            "in the current folder");
}

TEST_F(DeployTest, LinesOfACondaFileTravelWithTheRequest) {
  session.write("conda.yml", "dependencies:\n- python=3.11\n- pip:\n  - scikit-learn\n");
  EXPECT_EQ(session.run("model deploy -n svc -es score.py -cf conda.yml"), 0) << session.err;
  Json workload = request()["environmentImageRequest"];
  EXPECT_EQ(workload["tidegate"]["origins"],
            Json::parse(R"({"python=3.11":"conda.yml:2","scikit-learn":"conda.yml:4"})"));
  EXPECT_EQ(workload["environment"]["name"], "svc-env");
  EXPECT_EQ(workload["environment"]["python"]["condaDependencies"],
            Json::parse(R"({"dependencies":["python=3.11",{"pip":["scikit-learn"]}]})"));
}

TEST_F(DeployTest, PackagesOfAnInlineEnvironmentAreKnownByTheirKey) {
  session.write(
      "i.json",
      R"({"entryScript":"score.py","environment":{"python":{"condaDependencies":{"dependencies":["numpy"]}}}})");
  EXPECT_EQ(session.run("model deploy -n svc -ic i.json"), 0) << session.err;
  EXPECT_EQ(
      request()["environmentImageRequest"]["tidegate"]["origins"],
      Json::parse(R"({"numpy":"i.json: environment.python.condaDependencies.dependencies[0]"})"));
}

TEST_F(DeployTest, UnknownKeysWarnOnceAndStrictRefuses) {
  session.write("deploymentconfig.json", R"({"computeType":"aks","numReplica":1})");
  session.write("inferenceconfig.json", R"({"entryScript":"score.py","environment":{"pyton":{}}})");
  Json warnings{
      "environmentImageRequest.environment.pyton: unknown key, ignored; did you mean python?",
      "environment: python 3.6 is not here"};
  session.server.on("GET operations/op-1", 200,
                    Json{{"state", "Succeeded"}, {"tidegate", {{"warnings", warnings}}}});
  EXPECT_EQ(deploy(), 0);
  EXPECT_EQ(session.err,
            "warning: deploymentconfig.json: numReplica: unknown key, ignored; did you mean "
            "numReplicas?\n"
            "warning: inferenceconfig.json: environment.pyton: unknown key, ignored; did you mean "
            "python?\n"
            "warning: environment: python 3.6 is not here\n");
  EXPECT_EQ(deploy("--strict"), 1);
  EXPECT_TRUE(session.err.starts_with("ERROR: 2 problems, nothing was sent:\n")) << session.err;
  EXPECT_TRUE(session.server.requests.empty());
}

TEST_F(DeployTest, WhatIsNotOfferedIsRefusedByFlag) {
  expect_refused("-n svc -ic inferenceconfig.json -e AzureML-Minimal --ev 1 --vn v2",
                 "ERROR: 3 problems, nothing was sent:\n"
                 "  -e/--environment-name: registered environments are not offered yet: put the "
                 "environment into the "
                 "inference config\n"
                 "  -ev/--environment-version: registered environments are not offered yet: put "
                 "the environment into the "
                 "inference config\n"
                 "  -vn/--version-name: endpoints with versions are not offered yet\n"
                 "hint: `tidegate model deploy --help` lists the flags\n");
}

TEST_F(DeployTest, AFileOfModelRegisterNamesAModel) {
  session.write("meta.json", R"({"modelId":"other:7","workspaceName":"default"})");
  EXPECT_EQ(deploy("-f meta.json"), 0) << session.err;
  EXPECT_EQ(request()["environmentImageRequest"]["modelIds"], Json::parse(R"(["m:1","other:7"])"));
}

TEST_F(DeployTest, WithNoWaitTheOperationIsNotAskedFor) {
  EXPECT_EQ(deploy("--no-wait"), 0);
  EXPECT_EQ(session.server.calls().back(), "GET services/svc?expand=true");
  for (const std::string& call : session.server.calls())
    EXPECT_EQ(call.find("operations"), std::string::npos);
  EXPECT_NE(session.err.find("not waiting for operation op-1\n"), std::string::npos);
}

TEST_F(DeployTest, ATakenNameIsTheServersWord) {
  session.server.on("POST services", 409,
                    Json{{"message", "the name svc is taken; --overwrite replaces it"}});
  EXPECT_EQ(deploy(), 1);
  EXPECT_NE(session.err.find("ERROR: the name svc is taken; --overwrite replaces it\n"),
            std::string::npos);
}

TEST_F(DeployTest, AFailedFirstDeploymentSaysWhyAndWhatToDo) {
  session.server.on("GET operations/op-1", 200,
                    Json::parse(R"({"state":"Failed","error":{"code":"KubernetesDeploymentFailed",
      "message":"Deployment of svc failed: init() failed: ValueError: odd","details":[{"message":"Traceback:\n  score.py, line 2"}]}})"));
  session.server.on("GET services/svc", 200, Json::parse(R"({"name":"svc","state":"Failed"})"));
  EXPECT_EQ(deploy(), 1);
  EXPECT_NE(session.err.find("ERROR: Deployment of svc failed: init() failed: ValueError: odd\n"
                             "  Traceback:\n"
                             "    score.py, line 2\n"
                             "hint: put right what is named above and run the command again; "
                             "nothing was left behind, and `tidegate "
                             "service show -n svc` shows this error again\n"),
            std::string::npos)
      << session.err;
  EXPECT_EQ(session.out, "");
}

TEST_F(DeployTest, AFailedOverwriteSaysThatTheOldVersionServesOn) {
  session.server.on("GET operations/op-1", 200,
                    Json::parse(R"({"state":"Failed","error":{"message":"broken"}})"));
  EXPECT_EQ(deploy("--overwrite"), 1);
  EXPECT_NE(
      session.err.find(
          "ERROR: broken\nhint: the version before serves on; `tidegate service show -n svc` shows "
          "this error too\n"),
      std::string::npos)
      << session.err;
}

TEST_F(DeployTest, CtrlCSaysThatTheDeploymentGoesOn) {
  session.server.on("GET operations/op-1", 200, Json{{"state", "Running"}});
  session.waiter.patience = 3;
  EXPECT_EQ(deploy(), 130);
  EXPECT_NE(session.err.find("ERROR: stopped waiting; the deployment of svc goes on\nhint: follow "
                             "it with `tidegate service "
                             "show -n svc`; `tidegate service delete -n svc` cancels it\n"),
            std::string::npos)
      << session.err;
  // What serves is not to go with its update.
  session.waiter.patience = 3;
  EXPECT_EQ(deploy("--overwrite"), 130);
  EXPECT_NE(session.err.find("; `tidegate service update -n svc ...` cancels it\n"),
            std::string::npos)
      << session.err;
}

TEST_F(DeployTest, CtrlCWhileTheRequestIsSentSaysThatItMayHaveBegun) {
  session.server.cancelled_call = "POST services";
  EXPECT_FALSE(session.waiter.is_watched);
  EXPECT_EQ(deploy(), 130);
  EXPECT_TRUE(session.waiter.is_watched);
  EXPECT_NE(session.err.find("ERROR: stopped while it was sent; the deployment of svc may have "
                             "begun\nhint: follow it with `tidegate service show -n svc`; "
                             "`tidegate service delete -n svc` cancels it\n"),
            std::string::npos)
      << session.err;
}

TEST_F(DeployTest, ADeploymentThatSomebodyCancelledHasNothingToPutRight) {
  session.server.on(
      "GET operations/op-1", 200,
      Json::parse(R"({"state":"Cancelled","error":{"message":"cancelled by service delete"}})"));
  EXPECT_EQ(deploy(), 1);
  EXPECT_NE(session.err.find("ERROR: cancelled by service delete\n"), std::string::npos)
      << session.err;
  EXPECT_EQ(session.err.find("put right"), std::string::npos) << session.err;
}

TEST_F(DeployTest, LeftOutFilesAreNamed) {
  session.write(".amlignore", "*.secret\n");
  session.write("a.secret", "x");
  EXPECT_EQ(deploy(), 0);
  EXPECT_NE(session.err.find("left out: a.secret (pattern *.secret of .amlignore)\n"),
            std::string::npos)
      << session.err;
}

TEST_F(DeployTest, AnEntryScriptThatIsLeftOutIsAnErrorBeforeAnyCall) {
  session.write(".gitignore", "score.py\n");
  EXPECT_EQ(deploy(), 1);
  EXPECT_EQ(session.err,
            "ERROR: the entry script score.py would not be sent: pattern score.py of .gitignore\n");
  EXPECT_TRUE(session.server.requests.empty());
}

}  // namespace
}  // namespace tidegate::cli
