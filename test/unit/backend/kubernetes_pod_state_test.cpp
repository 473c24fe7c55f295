#include "backend/kubernetes/pod_state.h"

#include <gtest/gtest.h>

#include "backend/kubernetes/container_end.h"
#include "backend/kubernetes/pod_log.h"
#include "os/file.h"

namespace tidegate::backend::kubernetes {
namespace {

// Pods of a real cluster, shortened.
Json pod(const std::string& name) {
  os::Path path = os::Path(TIDEGATE_SOURCE_DIR) / "test/unit/backend/kubernetes/pods.json";
  auto text = os::read_file(path);
  auto all = text ? parse_json(*text, "pods.json") : Result<Json>(Json::object());
  return all->value(name, Json());
}

struct Case {
  std::string pod;
  std::string code;  // empty: no trouble
  std::string message;
  bool is_final = false;
};

class PodTrouble : public ::testing::TestWithParam<Case> {};

TEST_P(PodTrouble, IsToldAs) {
  Json given = pod(GetParam().pod);
  ASSERT_FALSE(given.is_null());
  auto trouble = trouble_of_pod(given);
  if (GetParam().code.empty()) {
    EXPECT_FALSE(trouble.has_value()) << trouble->message;
    return;
  }
  ASSERT_TRUE(trouble.has_value());
  EXPECT_EQ(trouble->code, GetParam().code);
  EXPECT_EQ(trouble->message, GetParam().message);
  EXPECT_EQ(trouble->is_final, GetParam().is_final);
  EXPECT_EQ(trouble->replica_id, name_of(given));
  EXPECT_FALSE(trouble->next_step.empty());
}

const Case kCases[] = {
    {"ready", "", "", false},
    {"initruns", "", "", false},
    {"unsched", "Unschedulable",
     "no node has room for pod unsched-8cf7b469c-w68tj, which asks for cpu 64, memory 512Mi: 0/1 "
     "nodes are available: 1 Insufficient cpu. no new claims to deallocate, preemption: 0/1 nodes "
     "are available: 1 Preemption is not helpful for scheduling.",
     false},
    {"noimage", "ImagePullFailed",
     "node node1 cannot pull image registry:5000/test/nothing@sha256:"
     "1111111111111111111111111111111111111111111111111111111111111111 for pod "
     "noimage-98d4b6bf9-hsx9h: registry:5000/test/nothing@sha256:"
     "1111111111111111111111111111111111111111111111111111111111111111: not found",
     true},
    {"noregistry", "ImagePullFailed",
     "node node1 cannot pull image registry:5999/test/nothing:1 for pod "
     "noregistry-5c487dd78b-qw5j2: failed to do request: Head "
     "\"https://registry:5999/v2/test/nothing/manifests/1\": dial tcp registry:5999: connect: "
     "connection refused",
     false},
    {"badname", "ImagePullFailed",
     "node node1 cannot pull image registry:5000/TEST/x:1 for pod badname-78665d99cd-bdg6l: Failed "
     "to apply default image tag \"registry:5000/TEST/x:1\": couldn't parse image name "
     "\"registry:5000/TEST/x:1\": invalid reference format: repository name (TEST/x) must be "
     "lowercase",
     true},
    {"initfails", "InitContainerFailed",
     "models and source cannot be brought to pod initfails-599d67456c-p27cp (exited with code 1): "
     "error: no such artifact",
     true},
    {"nosecret", "CreateContainerConfigError",
     "the container of pod nosecret-77bdb6dc69-vqrqm cannot be made: secret \"gone\" not found",
     false},
    {"initerror", "CrashLoopBackOff",
     "init() failed: ValueError: no such column (pod initerror-5f975f48d9-t857n exited with code "
     "3)\nTraceback...",
     true},
    {"segv", "CrashLoopBackOff",
     "pod segv-54f9f7dd9b-srsrh exited with code 1\nsome last words\nsh: invalid number '$'", true},
    {"noprogram", "CrashLoopBackOff",
     "the program of pod noprogram-6dbf544b6c-ldmlf could not be started\nfailed to create "
     "containerd task: failed to create shim task: OCI runtime create failed: runc create failed: "
     "unable to start container process: exec: \"/opt/none/python\": stat /opt/none/python: no "
     "such file or directory: unknown",
     true},
    {"startup", "CrashLoopBackOff",
     "init() of pod startup-f959b746-qzghl had not returned after 8 s", true},
    {"oom", "OutOfMemory",
     "pod oom-6c978f98fb-t7j6f was killed for memory: it used more than its limit of 32Mi", true},
    {"readyoom", "OutOfMemory",
     "pod readyoom-5b7c54988d-hqx7v was killed for memory: it used more than its limit of 32Mi",
     false},
};
INSTANTIATE_TEST_SUITE_P(, PodTrouble, ::testing::ValuesIn(kCases),
                         [](const auto& given) { return given.param.pod; });

TEST(PodState, AReadyPodIsAReplicaWithItsAddress) {
  Replica replica = replica_of(pod("ready"));
  EXPECT_EQ(replica.id, "ready-848d57887-9wtdt");
  EXPECT_EQ(replica.version_id, "8f3c1d2e.2");
  EXPECT_EQ(replica.phase, ReplicaPhase::ready);
  EXPECT_EQ(replica.address, "tcp:10.244.0.4:5001");
  EXPECT_EQ(replica.node, "node1");
  EXPECT_FALSE(replica.exit.has_value());
}

TEST(PodState, APodWithoutNodeIsStartingAndHasNoAddress) {
  Replica replica = replica_of(pod("unsched"));
  EXPECT_EQ(replica.phase, ReplicaPhase::starting);
  EXPECT_EQ(replica.address, "");
  EXPECT_EQ(replica.node, "");
}

TEST(PodState, APodThatIsBeingDeletedStopsAndHasNoTrouble) {
  Json given = pod("oom");
  given["metadata"]["deletionTimestamp"] = "2026-11-24T15:30:00Z";
  EXPECT_EQ(replica_of(given).phase, ReplicaPhase::stopping);
  EXPECT_FALSE(trouble_of_pod(given).has_value());
}

TEST(PodState, ACrashedContainerIsStillStartingAndSaysHowItEnded) {
  Replica replica = replica_of(pod("readyoom"));
  EXPECT_EQ(replica.phase, ReplicaPhase::starting);
  ASSERT_TRUE(replica.exit.has_value());
  EXPECT_EQ(replica.exit->signal, 9);
  EXPECT_TRUE(replica.exit->out_of_memory);
}

TEST(PodState, AnEvictedPodIsOver) {
  Json given = pod("ready");
  given["status"] = {{"phase", "Failed"}, {"reason", "Evicted"}, {"message", "low on memory"}};
  EXPECT_EQ(replica_of(given).phase, ReplicaPhase::exited);
  auto trouble = trouble_of_pod(given);
  ASSERT_TRUE(trouble.has_value());
  EXPECT_EQ(trouble->code, "Evicted");
  EXPECT_EQ(trouble->message, "pod ready-848d57887-9wtdt was ended by node node1: low on memory");
  EXPECT_FALSE(trouble->is_final);
}

TEST(PodState, NothingIsKnownOfAnEmptyPod) {
  EXPECT_EQ(replica_of(Json::object()).id, "");
  EXPECT_FALSE(trouble_of_pod(Json::object()).has_value());
  EXPECT_FALSE(trouble_of_pod(Json::parse(R"({"status":[],"spec":7})")).has_value());
}

// The kubelet keeps 4096 bytes of a termination message.
TEST(PodState, ATracebackThatWasCutIsShownAsItIs) {
  Json given = pod("initerror");
  Json& end = given["status"]["containerStatuses"][0]["lastState"]["terminated"];
  end["message"] = "{\"stage\": \"init\", \"traceback\": \"Traceb";
  auto trouble = trouble_of_pod(given);
  ASSERT_TRUE(trouble.has_value());
  EXPECT_EQ(trouble->message,
            "pod initerror-5f975f48d9-t857n exited with code 3\n"
            "{\"stage\": \"init\", \"traceback\": \"Traceb");
  EXPECT_TRUE(trouble->is_final);
}

TEST(PodState, TheFirstFailedPullIsToldButMayBeTriedAgain) {
  Json given = pod("initfails");
  given["status"]["initContainerStatuses"][0]["restartCount"] = 0;
  EXPECT_FALSE(trouble_of_pod(given)->is_final);
}

TEST(PodState, KilledForMemoryWithoutALimitNamesTheNode) {
  Json given = pod("oom");
  given["spec"]["containers"][0].erase("resources");
  EXPECT_EQ(trouble_of_pod(given)->message,
            "pod oom-6c978f98fb-t7j6f was killed for memory: its node had no memory left and it "
            "has no limit of its own");
}

Json failing_deployment(const std::string& message) {
  return {{"metadata", {{"name", "d"}, {"namespace", "n"}}},
          {"spec", {{"replicas", 2}}},
          {"status",
           {{"conditions", Json::array({{{"type", "ReplicaFailure"},
                                         {"status", "True"},
                                         {"reason", "FailedCreate"},
                                         {"message", message}}})}}}};
}

TEST(DeploymentState, AQuotaMayBeRaised) {
  Json given = failing_deployment(
      "pods \"d-5894784774-lkxvm\" is forbidden: exceeded quota: q, requested: pods=1, used: "
      "pods=0, limited: pods=0");
  auto trouble = trouble_of_deployment(given);
  ASSERT_TRUE(trouble.has_value());
  EXPECT_EQ(trouble->code, "Forbidden");
  EXPECT_EQ(trouble->message,
            "the cluster does not let Deployment d of namespace n make its pods: pods "
            "\"d-5894784774-lkxvm\" is forbidden: exceeded quota: q, requested: pods=1, used: "
            "pods=0, limited: pods=0");
  EXPECT_NE(trouble->next_step.find("raise the namespace's quota"), std::string::npos);
  EXPECT_FALSE(trouble->is_final);
  EXPECT_EQ(wanted_of(given), 2);
}

TEST(DeploymentState, APolicyOfTheNamespaceIsFinal) {
  auto trouble = trouble_of_deployment(
      failing_deployment("pods \"d-5894784774-cp9sd\" is forbidden: violates PodSecurity "
                         "\"restricted:latest\": runAsNonRoot != true"));
  ASSERT_TRUE(trouble.has_value());
  EXPECT_TRUE(trouble->is_final);
}

TEST(DeploymentState, WithoutFailureThereIsNoTrouble) {
  Json given = failing_deployment("");
  given["status"]["conditions"][0]["status"] = "False";
  EXPECT_FALSE(trouble_of_deployment(given).has_value());
  EXPECT_FALSE(trouble_of_deployment(Json::object()).has_value());
}

TEST(ContainerEnd, TimesAreRead) {
  EXPECT_EQ(seconds_between("2026-11-24T23:59:58Z", "2026-11-25T00:00:03Z"), 5);
  EXPECT_EQ(seconds_between("", "2026-11-25T00:00:03Z"), 0);
  EXPECT_EQ(seconds_between("2026-13-24T23:59:58Z", "2026-11-25T00:00:03Z"), 0);
}

std::string logs_of(const Json& given) {
  std::string out;
  for (const LogWanted& one : logs_wanted(given)) {
    out += one.container + (one.previous ? "(previous) " : " ");
  }
  return out;
}

TEST(PodLog, ShowsWhatFails) {
  EXPECT_EQ(logs_of(pod("ready")), "scoring ");
  EXPECT_EQ(logs_of(pod("initfails")), "pull ");
  EXPECT_EQ(logs_of(pod("initruns")), "pull ");
  EXPECT_EQ(logs_of(pod("readyoom")), "scoring ");  // waits: the kubelet has one log
  EXPECT_EQ(logs_of(pod("startup")), "scoring(previous) scoring ");  // runs again
  EXPECT_EQ(logs_of(pod("unsched")), "");
}

}  // namespace
}  // namespace tidegate::backend::kubernetes
