#pragma once

#include <string>

#include "unit/cli/session.h"

namespace tidegate::cli {

inline const Json kHealthy = Json::parse(R"({"name":"svc","state":"Healthy","computeType":"AKS",
    "scoringUri":"http://127.0.0.1:1/api/v1/service/svc/score","authEnabled":true,"kvTags":{"old":"1","team":"blue"},
    "numReplicas":1,"environmentImageRequest":{"modelIds":["m:1"],"environment":{"name":"e","python":{}}}})");

// A project in the session's folder, and a server that takes its deployment.
inline void write_project(Session& session) {
  session.write("score.py", "def init(): pass\ndef run(body): return 1\n");
  session.write(
      "inferenceconfig.json",
      R"({"entryScript":"score.py","sourceDirectory":".","environment":{"name":"e","python":{}}})");
  session.write("deploymentconfig.json", R"({"computeType":"aks","numReplicas":1})");
}

inline void serve_deployment(Session& session) {
  FakeServer& server = session.server;
  server.on("POST services/validate", 200, Json::object());
  server.on("POST artifacts/batch/metadata/LocalUpload/", [](const fetch::Request& request) {
    std::string path = parse_json(request.body, "body").value()["paths"][0]["path"];
    Json place{{"contentUri", "http://localhost/content/" + path + "?sig=s"}};
    return fetch::Response{.status = 200,
                           .body = to_text(Json{{"artifactContentInformation", {{path, place}}}})};
  });
  server.on("PUT /content/", 201, Json::object());
  server.on("POST assets", 200, Json{{"id", "asset-1"}});
  server.on("POST services", 202, kHealthy,
            {{"Operation-Location", "http://localhost/x/operations/op-1"}});
  server.on("PATCH services/svc", 202, kHealthy,
            {{"Operation-Location", "http://localhost/x/operations/op-1"}});
  server.on("GET operations/op-1", 200, Json{{"state", "Succeeded"}});
  server.on("GET operations/op-1/log",
            [](const fetch::Request&) { return fetch::Response{.status = 200}; });
  server.on("GET services/svc", 200, kHealthy);
}

}  // namespace tidegate::cli
