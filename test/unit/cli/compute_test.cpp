#include <gtest/gtest.h>

#include "unit/cli/session.h"

namespace tidegate::cli {
namespace {

const Json kCompute =
    Json::parse(R"({"id":"/x/computes/myaks","name":"myaks","location":"local","tags":{},
    "properties":{"computeType":"AKS","provisioningState":"Succeeded","provisioningErrors":null,
                  "tidegate":{"kind":"process","isolation":"bubblewrap"}}})");

TEST(ComputeCreate, PrintsTheTargetAndSaysThatItIsAProcessTarget) {
  Session session;
  int asked = 0;
  session.server.on("GET rp/myaks", [&](const fetch::Request&) {
    return asked++ == 0 ? fetch::Response{.status = 404, .body = R"({"message":"no"})"}
                        : fetch::Response{.status = 200, .body = to_text(kCompute)};
  });
  session.server.on("PUT computes/myaks", 201, kCompute);
  EXPECT_EQ(session.run("computetarget create aks -n myaks -a 4 -s Standard_D3_v2 --vnet-name v"),
            0);
  EXPECT_EQ(
      session.result(),
      Json::parse(
          R"({"name":"myaks","provisioningState":"Succeeded","location":"local","provisioningErrors":""})"));
  EXPECT_EQ(session.err,
            "note: --vnet-name: has no meaning on this machine; ignored\n"
            "myaks is a process target: services run as processes on this machine, no cluster was "
            "made; isolation: "
            "bubblewrap\n");
  EXPECT_EQ(session.server.sent("PUT computes/myaks"),
            Json::parse(R"({"location":"local","properties":{"computeType":"AKS",
                "properties":{"agentCount":4,"agentVmSize":"Standard_D3_v2"}}})"));
}

TEST(ComputeCreate, ATakenNameIsAnError) {
  Session session;
  session.server.on("GET rp/myaks", 200, kCompute);
  EXPECT_EQ(session.run("computetarget create aks -n myaks"), 1);
  EXPECT_EQ(session.err,
            "ERROR: a compute target named myaks is there already\n"
            "hint: `tidegate computetarget show -n myaks` shows it\n");
}

TEST(ComputeCreate, BadInputIsToldAtOnceAndNothingIsSent) {
  Session session;
  EXPECT_EQ(session.run("computetarget create aks -n local -a two --cluster-purpose Fun"), 1);
  EXPECT_EQ(session.err,
            "ERROR: 3 problems, nothing was sent:\n"
            "  -n/--name: \"local\" is reserved; choose another name\n"
            "  --cluster-purpose: must be FastProd or DevTest, is \"Fun\"\n"
            "  -a/--agent-count: must be a whole number above 0, is \"two\"\n");
  EXPECT_TRUE(session.server.requests.empty());
}

TEST(ComputeList, IsWideAsJsonAndNarrowAsATable) {
  Session session;
  session.server.on("GET rp", 200, Json{{"value", {kCompute}}});
  EXPECT_EQ(session.run("computetarget list"), 0);
  EXPECT_EQ(session.result()[0]["properties"]["computeType"], "AKS");
  EXPECT_EQ(session.run("computetarget list -o table"), 0);
  EXPECT_EQ(session.out,
            "Name   ProvisioningState  Kind\n-----  -----------------  -------\nmyaks  Succeeded   "
            "       process\n");
}

TEST(ComputeShowAndDelete, NameWhatTheyDo) {
  Session session;
  session.server.on("GET rp/myaks", 200, kCompute);
  session.server.on("DELETE computes/myaks", 200, Json());
  EXPECT_EQ(session.run("computetarget show -n myaks"), 0);
  EXPECT_EQ(session.result()["id"], "/x/computes/myaks");
  EXPECT_EQ(session.run("computetarget delete -n myaks"), 0);
  EXPECT_EQ(session.result(), Json::parse(R"({"name":"myaks"})"));
  session.server.on("DELETE computes/used", 409,
                    Json{{"message", "compute target used is used by: svc"}});
  EXPECT_EQ(session.run("computetarget delete -n used"), 1);
  EXPECT_EQ(session.err, "ERROR: compute target used is used by: svc\n");
}

}  // namespace
}  // namespace tidegate::cli
