#include <gtest/gtest.h>

#include "os/sha256.h"
#include "unit/cli/session.h"

namespace tidegate::cli {
namespace {

// Answers an upload: each path gets a place; contents in `known` are reused.
void serve_uploads(FakeServer& server, std::set<std::string> known = {}) {
  server.on("POST artifacts/batch/metadata/LocalUpload/", [](const fetch::Request& request) {
    Json places = Json::object();
    Json body = parse_json(request.body, "body").value();
    for (const Json& item : body["paths"]) {
      std::string path = item["path"];
      places[path] = {{"contentUri", "http://localhost/content/" + path + "?sig=s"}};
    }
    return fetch::Response{.status = 200,
                           .body = to_text(Json{{"artifactContentInformation", places}})};
  });
  server.on("PUT /content/", [known](const fetch::Request& request) {
    fetch::Response sent{.headers = request.headers};
    bool reuse = sent.header("x-tidegate-reuse").has_value();
    bool is_known = known.contains(sent.header("x-tidegate-sha256").value_or(""));
    return fetch::Response{.status = reuse && !is_known ? 409 : 201, .body = "{}"};
  });
  server.on("POST assets", 200, Json{{"id", "asset-1"}});
  server.on("POST models", 200, Json{{"id", "mymodel:1"}, {"name", "mymodel"}, {"version", 1}});
}

TEST(ModelRegister, UploadsAFileAndPrintsTheModel) {
  Session session;
  serve_uploads(session.server);
  session.write("sub/model.pkl", "weights");
  EXPECT_EQ(
      session.run(
          "model register -n mymodel -p sub/model.pkl --tag a=b=c --property p=q -d words "
          "--model-framework ScikitLearn --model-framework-version 1.0 -cc 2 -gb 0.5 -t meta.json"),
      0)
      << session.err;
  EXPECT_EQ(session.result()["id"], "mymodel:1");
  auto calls = session.server.calls();
  ASSERT_EQ(calls.size(), 5U);
  std::string container =
      calls[0].substr(std::string("POST artifacts/batch/metadata/LocalUpload/").size());
  EXPECT_EQ(container.substr(0, 14), "231114T231320-");
  EXPECT_EQ(container.size(), 22U);
  EXPECT_EQ(calls[1], "PUT /content/model.pkl?sig=s");
  EXPECT_EQ(calls[2], "PUT /content/model.pkl?sig=s");
  EXPECT_EQ(session.server.requests[2].body_file, session.folder() / "sub/model.pkl");
  EXPECT_EQ(session.server.sent("POST assets"),
            (Json{{"name", "model.pkl"},
                  {"artifacts", {{{"prefix", "LocalUpload/" + container + "/model.pkl"}}}}}));
  EXPECT_EQ(
      session.server.sent("POST models"),
      Json::parse(
          R"({"name":"mymodel","kvTags":{"a":"b=c"},"properties":{"p":"q"},"description":"words",
                "mimeType":"application/json","unpack":false,"framework":"ScikitLearn","frameworkVersion":"1.0",
                "resourceRequirements":{"cpu":2,"memoryInGB":0.5},"url":"aml://asset/asset-1"})"));
  EXPECT_EQ(
      parse_json(os::read_file(session.folder() / "meta.json").value(), "meta").value(),
      Json::parse(
          R"({"modelId":"mymodel:1","workspaceName":"default","resourceGroupName":"tidegate"})"));
}

TEST(ModelRegister, ContentThatTheServerHasIsNotSentAgain) {
  Session session;
  serve_uploads(session.server, {os::sha256_hex("weights")});
  session.write("model.pkl", "weights");
  EXPECT_EQ(session.run("model register -n mymodel -p model.pkl"), 0);
  for (const fetch::Request& request : session.server.requests)
    EXPECT_TRUE(request.body_file.empty());
}

TEST(ModelRegister, AFolderIsSentFileByFileBelowItsOwnName) {
  Session session;
  serve_uploads(session.server);
  session.write("parts/one.txt", "1");
  session.write("parts/deep/two.txt", "2");
  session.write("other/shared.txt", "3");
  std::filesystem::create_symlink("../other/shared.txt", session.folder() / "parts/link.txt");
  for (const char* path : {"parts", "parts/", "./parts/."}) {
    EXPECT_EQ(session.run(std::string("model register -n parts -p ") + path), 0) << session.err;
    Json paths = session.server.sent("POST artifacts")["paths"];
    std::set<std::string> names;
    for (const Json& item : paths) names.insert(item["path"]);
    EXPECT_EQ(names,
              (std::set<std::string>{"parts/deep/two.txt", "parts/link.txt", "parts/one.txt"}))
        << path;
    EXPECT_NE(to_text(session.server.sent("POST assets")).find("/parts\""), std::string::npos)
        << path;
  }
}

TEST(ModelRegister, BadInputIsToldAtOnceAndNothingIsSent) {
  Session session;
  std::filesystem::create_directories(session.folder() / "empty");
  EXPECT_EQ(
      session.run(
          "model register -n a/b -p nowhere.pkl --tag x --model-framework scikitlearn -cc many"),
      1);
  EXPECT_EQ(session.said(),
            "ERROR: 5 problems, nothing was sent:\n"
            "  -n/--name: \"a/b\" is no model name: 1 to 255 letters, digits, '-', '.' and '_', a "
            "letter or digit "
            "first\n"
            "  -p/--model-path: nowhere.pkl is not there: looked for WORK/nowhere.pkl\n"
            "  --model-framework: unknown framework scikitlearn; did you mean ScikitLearn?\n"
            "  --tag: must be key=value, is \"x\"\n"
            "  -cc/--cpu-cores: must be a number, is \"many\"\n");
  EXPECT_EQ(session.run("model register -n m -p empty --model-framework-version 1"), 1);
  EXPECT_EQ(session.said(),
            "ERROR: 2 problems, nothing was sent:\n"
            "  -p/--model-path: WORK/empty holds no file\n"
            "  --model-framework-version: Model framework version cannot be provided without a "
            "valid framework: add "
            "--model-framework\n");
  std::filesystem::create_symlink("nowhere", session.folder() / "empty/broken");
  EXPECT_EQ(session.run("model register -n m -p empty"), 1);
  EXPECT_NE(session.said().find("WORK/empty/broken is a link to no file"), std::string::npos);
  EXPECT_EQ(session.run("model register -n m -p x -r run-1"), 1);
  EXPECT_NE(session.said().find("-r/--run-id: runs are not offered"), std::string::npos);
  EXPECT_TRUE(session.server.requests.empty());
}

TEST(ModelRegister, AFullDiskOfTheServerIsSaid) {
  Session session;
  serve_uploads(session.server);
  session.server.on("PUT /content/", [](const fetch::Request& request) {
    bool reuse = fetch::Response{.headers = request.headers}.header("x-tidegate-reuse").has_value();
    return fetch::Response{.status = reuse ? 409 : 507,
                           .body = R"({"message":"DIR has no room for 7 bytes"})"};
  });
  session.write("model.pkl", "weights");
  EXPECT_EQ(session.run("model register -n mymodel -p model.pkl"), 1);
  EXPECT_EQ(session.err, "ERROR: DIR has no room for 7 bytes\n");
}

TEST(ModelList, FiltersAreAskedOfTheServer) {
  Session session;
  session.server.on("GET models", 200,
                    Json::parse(R"({"value":[{"id":"m:1","name":"m","version":1}]})"));
  EXPECT_EQ(session.run("model list -n m -l --tag a=b --tag c --property p=q"), 0);
  EXPECT_EQ(session.server.calls()[0],
            "GET models?name=m&latest=true&tags=a%3Db%2Cc&properties=p%3Dq");
  EXPECT_EQ(session.result()[0]["id"], "m:1");
  EXPECT_EQ(session.run("model list -o table"), 0);
  EXPECT_EQ(session.server.calls()[0], "GET models");
  EXPECT_EQ(
      session.out,
      "Name  Id   Version  Framework  CreatedTime\n----  ---  -------  ---------  -----------\n"
      "m     m:1  1\n");
}

TEST(ModelShow, FindsByIdByVersionAndTheNewestByName) {
  Session session;
  Json model = Json::parse(R"({"id":"m:2","name":"m","version":2})");
  session.server.on("GET models?latest=true&name=m", 200, Json{{"value", {model}}});
  session.server.on("GET models?latest=true&name=none", 200, Json{{"value", Json::array()}});
  session.server.on("GET models/m:2", 200, model);
  for (const char* flags : {"-n m", "-i m:2", "-n m --version 2"}) {
    EXPECT_EQ(session.run(std::string("model show ") + flags), 0) << session.err;
    EXPECT_EQ(session.result()["id"], "m:2");
  }
  EXPECT_EQ(session.run("model show -n none"), 1);
  EXPECT_EQ(session.err,
            "ERROR: there is no model named none\nhint: `tidegate model list` shows all\n");
  EXPECT_EQ(session.run("model show"), 1);
  EXPECT_EQ(session.err, "ERROR: -n/--model-name: is required, or -i/--model-id\n");
}

}  // namespace
}  // namespace tidegate::cli
