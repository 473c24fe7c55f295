// The REST API as a table: who asks what, and what the answer must and must not hold.
#include "control_fixture.h"

#include "os/sha256.h"

namespace tidegate::control {
namespace {

enum class Asks { owner, nobody, stranger };

struct Case {
  const char* name;
  std::string method;
  std::string target;
  std::string body;
  Asks asks = Asks::owner;
  int status = 200;
  std::vector<std::string> contains;
  std::vector<std::string> lacks;
};

std::vector<Case> cases() {
  const std::string& m = kManagement;
  const std::string other_group =
      "/subscriptions/00000000-0000-0000-0000-000000000000/"
      "resourceGroups/elsewhere/providers/"
      "Microsoft.MachineLearningServices/workspaces/default";
  return {
      // Who may ask.
      {"HealthIsOpen",
       "GET",
       "/tidegate/v1/health",
       "",
       Asks::nobody,
       200,
       {"\"status\":\"ok\"", "\"version\":\"1.2.3\"", "\"pid\":"},
       {}},
      {"StatusIsNot",
       "GET",
       "/tidegate/v1/status",
       "",
       Asks::nobody,
       401,
       {"\"code\":\"Unauthorized\"", "api.token", "\"error\":{"},
       {"dataDir"}},
      {"AWrongTokenIsRefused", "GET", m + "/services", "", Asks::stranger, 401, {}, {"value"}},
      {"AWrongTokenLearnsNothingOfWorkspaces",
       "GET",
       other_group,
       "",
       Asks::stranger,
       401,
       {},
       {"elsewhere"}},
      {"StatusTellsTheOwner",
       "GET",
       "/tidegate/v1/status",
       "",
       Asks::owner,
       200,
       {"\"isolation\":\"none (a fake)\"", "\"routers\":[",
        "\"tableVersion\":", "http://127.0.0.1:8900"},
       {}},
      // Paths.
      {"AnUnknownPathIsNamed", "GET", "/nothing/here", "", Asks::owner, 404, {"/nothing/here"}, {}},
      {"AnotherMethodIsToldWhatIsPossible",
       "PUT",
       m + "/services",
       "",
       Asks::owner,
       405,
       {"GET", "POST", "MethodNotAllowed"},
       {}},
      {"AnUnknownWorkspaceIsNamed", "GET", other_group, "", Asks::owner, 404, {"elsewhere"}, {}},
      {"TheWorkspaceIgnoresCaseAndApiVersions",
       "GET",
       "/SUBSCRIPTIONS/00000000-0000-0000-0000-000000000000/resourcegroups/Tidegate/providers/"
       "microsoft.machinelearningservices/workspaces/DEFAULT?api-version=2022-05-01",
       "",
       Asks::owner,
       200,
       {"\"name\":\"default\"", "\"discoveryUrl\"", "\"workspaceId\"", "\"sku\""},
       {}},
      // Computes.
      {"ComputesBeginWithTheMachine",
       "GET",
       "/rp/workspaces" + kWorkspace + "/computes",
       "",
       Asks::owner,
       200,
       {"\"name\":\"machine\"", "\"computeType\":\"AKS\"", "\"loadBalancerType\":null",
        "\"kind\":\"process\""},
       {"nextLink"}},
      {"AnUnknownComputeIsNamed",
       "GET",
       "/rp/workspaces" + kWorkspace + "/computes/nope",
       "",
       Asks::owner,
       404,
       {"nope", "ComputeNotFound"},
       {}},
      {"AReservedComputeNameIsRefused",
       "PUT",
       kWorkspace + "/computes/local",
       R"({"properties":{"computeType":"AKS"}})",
       Asks::owner,
       400,
       {"local"},
       {}},
      {"AnotherComputeTypeIsRefused",
       "PUT",
       kWorkspace + "/computes/mycluster",
       R"({"properties":{"computeType":"Databricks"}})",
       Asks::owner,
       400,
       {"properties.computeType", "Databricks"},
       {}},
      {"TheMachineStays",
       "DELETE",
       kWorkspace + "/computes/machine",
       "",
       Asks::owner,
       409,
       {"machine"},
       {}},
      // Uploads.
      {"AnUploadPathMayNotClimb",
       "POST",
       "/artifact/v2.0" + kWorkspace + "/artifacts/batch/metadata/LocalUpload/c",
       R"({"paths":[{"path":"../x"}]})",
       Asks::owner,
       400,
       {"../x"},
       {"contentUri"}},
      {"ContentNeedsASignature",
       "PUT",
       "/content/LocalUpload/c/x?sig=00",
       "abc",
       Asks::nobody,
       401,
       {},
       {}},
      {"UnknownContentIsNotFound",
       "GET",
       "/content/LocalUpload/c/x",
       "",
       Asks::owner,
       404,
       {"BlobNotFound"},
       {}},
      {"AnAssetOfNothingIsRefused",
       "POST",
       m + "/assets",
       R"({"name":"x","artifacts":[{"prefix":"LocalUpload/c/x"}]})",
       Asks::owner,
       400,
       {"LocalUpload/c/x"},
       {"\"id\""}},
      // Models.
      {"ModelsAreAPageWithoutALink",
       "GET",
       m + "/models",
       "",
       Asks::owner,
       200,
       {"\"value\":[]"},
       {"nextLink"}},
      {"AnUnknownModelIsNamed", "GET", m + "/models/nope:1", "", Asks::owner, 404, {"nope:1"}, {}},
      {"AModelIdWithoutANumberIsRefused",
       "GET",
       m + "/models/nope:x",
       "",
       Asks::owner,
       400,
       {"nope:x"},
       {}},
      {"AllProblemsOfAModelAtOnce",
       "POST",
       m + "/models",
       R"({"name":"-bad-","framework":"ScikitLern","url":"aml://asset/none"})",
       Asks::owner,
       400,
       {"name", "ScikitLearn", "none", "\"details\":["},
       {}},
      {"AFrameworkVersionNeedsAFramework",
       "POST",
       m + "/models",
       R"({"name":"m","frameworkVersion":"1","url":"aml://asset/none"})",
       Asks::owner,
       400,
       {"Model framework version cannot be provided without a valid framework"},
       {}},
      {"ABodyThatIsNoJsonNamesThePlace",
       "POST",
       m + "/models",
       "{\"name\": ",
       Asks::owner,
       400,
       {"request body", "line 1"},
       {}},
      // Services.
      {"ServicesAreAPageWithoutALink",
       "GET",
       m + "/services?expand=true",
       "",
       Asks::owner,
       200,
       {"\"value\":[]"},
       {"nextLink"}},
      {"AnUnknownServiceIsNamed",
       "GET",
       m + "/services/nope",
       "",
       Asks::owner,
       404,
       {"ServiceNotFound", "nope"},
       {}},
      {"DeletingWhatIsNotThereIsNoContent",
       "DELETE",
       m + "/services/nope",
       "",
       Asks::owner,
       204,
       {},
       {"nope"}},
      {"PatchingWhatIsNotThereIsNotFound",
       "PATCH",
       m + "/services/nope",
       R"([{"op":"replace","path":"/numReplicas","value":2}])",
       Asks::owner,
       404,
       {"nope"},
       {}},
      {"KeysOfWhatIsNotThere",
       "POST",
       m + "/services/nope/listkeys",
       "",
       Asks::owner,
       404,
       {"nope"},
       {"primaryKey"}},
      {"LogsOfWhatIsNotThere",
       "GET",
       m + "/services/nope/logs",
       "",
       Asks::owner,
       404,
       {"nope"},
       {}},
      {"AnEmptyRequestHasAllItsProblemsNamed",
       "POST",
       m + "/services",
       "{}",
       Asks::owner,
       400,
       {"name", "computeType", "environmentImageRequest"},
       {}},
      {"ARequestThatIsAList", "POST", m + "/services", "[]", Asks::owner, 400, {}, {}},
      {"AnUnknownOperationIsNamed",
       "GET",
       m + "/operations/nope",
       "",
       Asks::owner,
       404,
       {"OperationNotFound"},
       {}},
      {"ALogNeedsASignatureOrTheToken",
       "GET",
       m + "/operations/nope/log?sig=1",
       "",
       Asks::nobody,
       401,
       {},
       {}},
      // Preflight.
      {"AGoodNamePasses",
       "POST",
       m + "/services/validate/name/myservice",
       "",
       Asks::owner,
       200,
       {"{}"},
       {"error"}},
      {"ABadNameIsAnErrorInA200",
       "POST",
       m + "/services/validate/name/My_Service",
       "",
       Asks::owner,
       200,
       {"\"error\":{", "My_Service"},
       {}},
      {"ResourcesPass",
       "POST",
       m + "/services/validate/resource",
       "",
       Asks::owner,
       200,
       {"{}"},
       {}},
      {"AValidateOfNothing",
       "POST",
       m + "/services/validate",
       R"({"type":"Create"})",
       Asks::owner,
       200,
       {"createRequest"},
       {}},
      {"AValidateOfAnUnknownType",
       "POST",
       m + "/services/validate",
       R"({"type":"Upgrade","serviceName":"x"})",
       Asks::owner,
       200,
       {"error"},
       {}},
  };
}

class RestTest : public ControlTest {};

TEST_F(RestTest, AnswersAsTheTableSaysAndStoresNothing) {
  auto rows = row_counts();
  auto files = file_tree();
  for (const Case& one : cases()) {
    SCOPED_TRACE(one.name);
    Headers headers;
    if (one.asks == Asks::owner) headers.emplace_back("Authorization", "Bearer " + token());
    if (one.asks == Asks::stranger) headers.emplace_back("Authorization", "Bearer wrong");
    Answer answer = control::ask(api_socket(), one.method, one.target, one.body, headers);
    EXPECT_EQ(answer.status, one.status) << answer.body;
    EXPECT_FALSE(answer.header("x-request-id").empty());
    for (const std::string& text : one.contains) {
      EXPECT_NE(answer.body.find(text), std::string::npos) << text << " in " << answer.body;
    }
    for (const std::string& text : one.lacks) {
      EXPECT_EQ(answer.body.find(text), std::string::npos) << text << " in " << answer.body;
    }
    if (one.status >= 400) {
      Json body = answer.json();
      EXPECT_EQ(body.value("statusCode", 0), one.status);  // where one kind of client looks,
      EXPECT_EQ(body["error"].value("code", "?"), body.value("code", "!"));  // and the other
      EXPECT_EQ(body["correlation"]["RequestId"], answer.header("x-request-id"));
    }
    EXPECT_EQ(row_counts(), rows);
    EXPECT_EQ(file_tree(), files);
  }
}

TEST_F(RestTest, ContentIsPutOnceFoundByHashAndReadBack) {
  upload("a.bin", "abc");
  auto files = file_tree();
  std::string batch = "/artifact/v2.0" + kWorkspace + "/artifacts/batch/metadata/LocalUpload/other";
  Json places = ask("POST", batch, {{"paths", {{{"path", "b c#.bin"}}}}}).json();
  std::string uri = places["artifactContentInformation"]["b c#.bin"]["contentUri"];
  ASSERT_TRUE(uri.starts_with("http://localhost/content/LocalUpload/other/")) << uri;
  std::string target = uri.substr(16);
  std::string hash = os::sha256_hex("abc");

  auto reuse = [&](const std::string& sha256) {
    return control::ask(api_socket(), "PUT", target, "",
                        {{"x-tidegate-sha256", sha256}, {"x-tidegate-reuse", "1"}});
  };
  Answer unknown = reuse(os::sha256_hex("never sent"));
  EXPECT_EQ(unknown.status, 409);
  EXPECT_NE(unknown.body.find("BlobUnknown"), std::string::npos);
  EXPECT_EQ(reuse("../../etc/passwd").status, 409);
  EXPECT_EQ(control::ask(api_socket(), "GET", target).status, 404);

  Answer known = reuse(hash);
  EXPECT_EQ(known.status, 201);
  EXPECT_EQ(known.header("x-tidegate-sha256"), hash);
  EXPECT_EQ(file_tree(), files);  // no second copy

  Answer head = control::ask(api_socket(), "HEAD", target);
  EXPECT_EQ(head.status, 200);
  EXPECT_EQ(head.header("Content-Length"), "3");
  EXPECT_FALSE(head.header("ETag").empty());
  EXPECT_FALSE(head.header("Last-Modified").empty());
  EXPECT_EQ(head.body, "");
  EXPECT_EQ(control::ask(api_socket(), "GET", target).body, "abc");

  Answer mixed_up = control::ask(api_socket(), "PUT", target, "abd", {{"x-tidegate-sha256", hash}});
  EXPECT_EQ(mixed_up.status, 400);
  EXPECT_EQ(file_tree(), files);  // what was received for nothing is gone
}

TEST_F(RestTest, ALargeFileGoesThroughTheDiskAndComesBackWhole) {
  std::string content;
  for (int i = 0; i < 400'000; ++i) content += std::to_string(i) + "\n";
  std::string asset = upload("large.bin", content);
  Answer model = mms("POST", "models", {{"name", "large"}, {"url", "aml://asset/" + asset}});
  ASSERT_EQ(model.status, 200) << model.body;
  Json file = model.json()["tidegate"]["files"][0];
  EXPECT_EQ(file["size"], content.size());
  EXPECT_EQ(file["sha256"], os::sha256_hex(content));
  Answer back = ask("GET", "/content/LocalUpload/c1/large.bin");
  EXPECT_EQ(back.body.size(), content.size());
  EXPECT_EQ(back.body, content);
}

TEST_F(RestTest, AModelHasEveryMemberThatClientsLookFor) {
  std::string asset = upload("model.pkl", "abc");
  Answer made = mms("POST", "models",
                    {{"name", "m"},
                     {"url", "aml://asset/" + asset},
                     {"kvTags", {{"a", "b"}}},
                     {"framework", "ScikitLearn"},
                     {"description", nullptr},
                     {"datasets", nullptr}});
  ASSERT_EQ(made.status, 200) << made.body;
  Json model = made.json();
  for (const char* name : {"id", "name", "version", "createdTime", "createdBy", "description",
                           "mimeType", "framework", "frameworkVersion", "properties", "unpack",
                           "url", "experimentName", "runId", "datasets", "kvTags"}) {
    EXPECT_TRUE(model.contains(name)) << name;
  }
  EXPECT_EQ(model["id"], "m:1");
  EXPECT_EQ(mms("GET", "models/m:1").json(), model);
  EXPECT_EQ(mms("GET", "models/m").json()["id"], "m:1");
  register_model("m");
  register_model("n");
  auto ids = [&](const std::string& query) {
    std::set<std::string> found;
    Json page = mms("GET", "models" + query).json();
    for (const Json& one : page["value"]) found.insert(one["id"]);
    return found;
  };
  EXPECT_EQ(ids(""), (std::set<std::string>{"m:1", "m:2", "n:1"}));
  EXPECT_EQ(ids("?latest=true"), (std::set<std::string>{"m:2", "n:1"}));
  EXPECT_EQ(ids("?name=m"), (std::set<std::string>{"m:1", "m:2"}));
  EXPECT_EQ(ids("?tags=a%3Db"), (std::set<std::string>{"m:1"}));
  EXPECT_EQ(ids("?tags=a%3Dc"), (std::set<std::string>{}));
  EXPECT_EQ(ids("?framework=ScikitLearn"), (std::set<std::string>{"m:1"}));
}

TEST_F(RestTest, AModelThatIsRefusedTakesItsUploadWithIt) {
  auto rows = row_counts();
  auto files = file_tree();
  std::string asset = upload("model.pkl", "abc");
  EXPECT_EQ(mms("POST", "models", {{"name", "-"}, {"url", "aml://asset/" + asset}}).status, 400);
  EXPECT_EQ(row_counts(), rows);
  EXPECT_EQ(file_tree(), files);
}

TEST_F(RestTest, AComputeIsMadeShownAndRemoved) {
  Json body{{"location", "x"}, {"properties", {{"computeType", "AKS"}, {"description", "d"}}}};
  Answer made = ask("PUT", kWorkspace + "/computes/myaks", body);
  EXPECT_EQ(made.status, 201) << made.body;
  std::string operation = made.header("Azure-AsyncOperation");
  ASSERT_TRUE(operation.starts_with("http://localhost/")) << operation;
  EXPECT_EQ(ask("GET", operation.substr(16)).json()["status"], "Succeeded");
  EXPECT_EQ(made.json()["properties"]["provisioningState"], "Succeeded");
  EXPECT_EQ(ask("PUT", kWorkspace + "/computes/myaks", body).status, 200);  // again: the same
  EXPECT_EQ(ask("DELETE", kWorkspace + "/computes/myaks").status, 200);
  EXPECT_EQ(ask("GET", "/rp/workspaces" + kWorkspace + "/computes/myaks").status, 404);
}

}  // namespace
}  // namespace tidegate::control
