// Tables of states for backends that keep the count.
#include "control/plan_deployment.h"

#include <gtest/gtest.h>

#include "control/failure.h"
#include "plan_builder.h"

namespace tidegate::control {
namespace {

using domain::ServiceState;
using store::VersionPhase;
using store::VersionStep;
using Texts = std::vector<std::string>;
using std::chrono::seconds;

const MonoTime kLongAgo = kNow - seconds(600);

// What the cluster shows.
class Seen {
 public:
  Seen& version(const std::string& id, int wanted) {
    observed_.versions_seen[id] = {id, wanted, {}};
    return *this;
  }
  Seen& trouble(const std::string& id, const std::string& code, Milliseconds for_how_long,
                bool is_final = false) {
    backend::Trouble trouble{code, "why", "what to do", "pod-x", is_final};
    observed_.versions_seen[id].trouble = trouble;
    observed_.versions[id].trouble_code = code;
    observed_.versions[id].trouble_since = kNow - for_how_long;
    observed_.versions[id].trouble_told = text_of(trouble);
    return *this;
  }
  Seen& pod(const std::string& version_id, backend::ReplicaPhase phase,
            Milliseconds since = Milliseconds(0)) {
    ReplicaSeen& seen = observed_.replicas["pod" + std::to_string(observed_.replicas.size())];
    seen.version_id = version_id;
    seen.phase = phase;
    seen.since = kNow - since;
    return *this;
  }
  Seen& ready(const std::string& version_id, int count = 1) {
    for (int i = 0; i < count; ++i) pod(version_id, backend::ReplicaPhase::ready);
    return *this;
  }
  Seen& in_force() {
    observed_.table_in_force = true;
    return *this;
  }
  Seen& routers(const std::string& code, Milliseconds for_how_long, bool is_final = false) {
    observed_.routers_trouble = {{code, "why", "what to do", "", is_final}, kNow - for_how_long};
    return *this;
  }
  VersionMemory& memory(const std::string& id) { return observed_.versions[id]; }
  ReplicaTraffic& traffic(const std::string& id) { return observed_.version_traffic[id]; }
  const Observed& observed() const { return observed_; }

 private:
  Observed observed_;
};

Texts planned(const ServiceWanted& service, const Seen& seen, PlanLimits limits = {}) {
  return texts_of(plan_deployment(service, seen.observed(), limits, kNow));
}

ServiceBuilder creating(VersionStep step = VersionStep::replicas, int replicas = 2) {
  return ServiceBuilder().operation().version(1, VersionPhase::preparing, replicas, step);
}
ServiceBuilder serving(int replicas = 1) {
  return ServiceBuilder().version(1, VersionPhase::current, replicas);
}

TEST(PlanDeploymentTest, StepsComeOneAfterAnother) {
  EXPECT_EQ(planned(creating(VersionStep::environment), Seen()), Texts{"environment v1"});
  EXPECT_EQ(planned(creating(VersionStep::layout), Seen()), Texts{"layout v1"});
  EXPECT_EQ(planned(creating(), Seen().version("v1", 0)), Texts{"scale v1 to 2"});
  EXPECT_EQ(planned(creating(), Seen().version("v1", 2)), Texts{});
  EXPECT_EQ(planned(creating(), Seen().version("v1", 2).ready("v1")), Texts{});
  EXPECT_EQ(planned(creating(), Seen().version("v1", 2).ready("v1", 2)), Texts{"switch v1"});
}

TEST(PlanDeploymentTest, WhatWasJustAskedForIsNotAskedForAgain) {
  Seen seen = Seen().version("v1", 0);
  seen.memory("v1").scaling = true;
  EXPECT_EQ(planned(creating(), seen), Texts{});
  seen.memory("v1").scaling = false;
  seen.memory("v1").scaled_to = 2;
  seen.memory("v1").scaled_at = kNow - seconds(1);
  EXPECT_EQ(planned(creating(), seen), Texts{});
  seen.memory("v1").scaled_at = kNow - seconds(3);
  EXPECT_EQ(planned(creating(), seen), Texts{"scale v1 to 2"});
  seen.memory("v1").start_after = kNow + seconds(1);
  EXPECT_EQ(planned(creating(), seen), Texts{});
}

TEST(PlanDeploymentTest, TroubleIsToldOnceAndHasATimeByItsKind) {
  PlanLimits limits;
  struct Row {
    std::string code;
    Milliseconds limit;
  };
  for (const Row& row :
       {Row{"Unschedulable", limits.schedule_limit}, Row{"ImagePullFailed", limits.pull_limit},
        Row{"CrashLoopBackOff", limits.start_limit}}) {
    SCOPED_TRACE(row.code);
    ServiceWanted service = creating().state(ServiceState::transitioning);
    bool sets_state = row.code == "Unschedulable";
    Seen early = Seen().version("v1", 2).trouble("v1", row.code, row.limit - Milliseconds(1));
    EXPECT_EQ(planned(service, early), sets_state ? Texts{"state Unschedulable"} : Texts{});
    early.memory("v1").trouble_told.clear();
    EXPECT_EQ(planned(service, early).at(0), "note v1: " + row.code);
    Seen late = Seen().version("v1", 2).trouble("v1", row.code, row.limit);
    EXPECT_TRUE(planned(service, late).at(0).starts_with("fail v1: " + row.code + ": why (tried"));
  }
}

TEST(PlanDeploymentTest, FinalTroubleFailsAtOnce) {
  Seen seen = Seen().version("v1", 2).trouble("v1", "OutOfMemory", Milliseconds(0), true);
  EXPECT_EQ(planned(creating(), seen), Texts{"fail v1: OutOfMemory: why"});
}

TEST(PlanDeploymentTest, APodThatHangsFailsItsVersion) {
  Seen seen = Seen().version("v1", 2);
  seen.pod("v1", backend::ReplicaPhase::starting, seconds(309));
  EXPECT_EQ(planned(creating(), seen), Texts{});
  seen.pod("v1", backend::ReplicaPhase::starting, seconds(310));
  EXPECT_EQ(planned(creating(), seen), Texts{"fail v1: init() has not returned after 310 s"});
}

TEST(PlanDeploymentTest, WhatIsGoneIsMadeAgainAfterAMoment) {
  Seen seen;
  seen.memory("v1").missing_since = kNow - seconds(1);
  EXPECT_EQ(planned(creating(), seen), Texts{});
  seen.memory("v1").missing_since = kNow - seconds(2);
  EXPECT_EQ(planned(creating(), seen), Texts{"layout v1"});
  EXPECT_EQ(planned(serving(), seen), (Texts{"layout v1", "state Unhealthy"}));
  seen.memory("v1").busy = true;
  EXPECT_EQ(planned(serving(), seen), Texts{"state Unhealthy"});
  Seen without_namespace = Seen().version("v1", 1).trouble("v1", "NamespaceGone", seconds(5));
  without_namespace.memory("v1").missing_since = kNow - seconds(5);
  EXPECT_EQ(planned(serving(), without_namespace), (Texts{"layout v1", "state Unhealthy"}));
}

TEST(PlanDeploymentTest, TheStateFollowsTheReadyPods) {
  EXPECT_EQ(planned(serving(), Seen().version("v1", 1).ready("v1")), Texts{});
  EXPECT_EQ(planned(serving(2), Seen().version("v1", 2).ready("v1")), Texts{});
  EXPECT_EQ(planned(serving(), Seen().version("v1", 1)), Texts{"state Unhealthy"});
  Seen no_room = Seen().version("v1", 1).trouble("v1", "Unschedulable", seconds(1));
  EXPECT_EQ(planned(serving(), no_room), Texts{"state Unschedulable"});
  Seen killed = Seen().version("v1", 1).trouble("v1", "OutOfMemory", seconds(1));
  EXPECT_EQ(planned(serving(), killed), Texts{"state Unhealthy"});
  EXPECT_EQ(planned(serving().state(ServiceState::unhealthy), Seen().version("v1", 1).ready("v1")),
            Texts{"state Healthy"});
}

TEST(PlanDeploymentTest, ABadStateIsToldAgainOnlyWhenItsReasonChanges) {
  Seen seen = Seen().version("v1", 1).trouble("v1", "OutOfMemory", seconds(1));
  ServiceWanted service = serving().state(ServiceState::unhealthy);
  EXPECT_EQ(planned(service, seen), Texts{"state Unhealthy"});
  auto trouble = *seen.observed().versions_seen.at("v1").trouble;
  service.stored.service.error =
      state_error(service.stored.service.spec.name, trouble.message, trouble);
  EXPECT_EQ(planned(service, seen), Texts{});
}

TEST(PlanDeploymentTest, AnOperationEndsWhenTheTableIsInForce) {
  ServiceWanted service = serving(2).operation();
  EXPECT_EQ(planned(service, Seen().version("v1", 1).ready("v1")), Texts{"scale v1 to 2"});
  EXPECT_EQ(planned(service, Seen().version("v1", 2).ready("v1")), Texts{});
  EXPECT_EQ(planned(service, Seen().version("v1", 2).ready("v1", 2)), Texts{});
  EXPECT_EQ(planned(service, Seen().version("v1", 2).ready("v1", 2).in_force()), Texts{"finish"});
  Seen no_room = Seen().version("v1", 2).ready("v1").trouble("v1", "Unschedulable", seconds(300));
  EXPECT_TRUE(planned(service, no_room).at(0).starts_with("fail operation: Unschedulable: why"));
}

TEST(PlanDeploymentTest, RoutersThatCannotBePutBackFailWhatWaitsForThem) {
  ServiceBuilder waiting = serving().operation().state(ServiceState::transitioning);
  Seen seen;
  seen.version("v1", 1).ready("v1").memory("v1").trouble_told = "RoutersGone: why";
  EXPECT_EQ(planned(waiting, seen.routers("RoutersGone", seconds(0), /*is_final=*/true)),
            Texts{"fail operation: why"});
  // The first deployment of all leaves nothing behind.
  seen.version("v1", 2);
  EXPECT_EQ(planned(creating(), seen), Texts{"fail v1: RoutersGone: why"});
}

TEST(PlanDeploymentTest, RoutersThatAreNotReadyAreWaitedForForAWhile) {
  ServiceBuilder waiting = serving().operation().state(ServiceState::transitioning);
  Seen seen;
  seen.version("v1", 1).ready("v1").memory("v1").trouble_told = "RoutersNotReady: why";
  EXPECT_EQ(planned(waiting, seen.routers("RoutersNotReady", seconds(100))), Texts{});
  EXPECT_EQ(planned(waiting, seen.routers("RoutersNotReady", seconds(121))),
            Texts{"fail operation: why"});
}

TEST(PlanDeploymentTest, AServiceWhoseRoutersAreGoneIsNotHealthy) {
  Seen seen;
  seen.version("v1", 1).ready("v1").in_force();
  EXPECT_EQ(planned(serving(), seen.routers("RoutersNotReady", seconds(1))), Texts{});
  EXPECT_EQ(planned(serving(), seen.routers("RoutersNotReady", seconds(6))),
            Texts{"state Unhealthy"});
}

TEST(PlanDeploymentTest, ANamespaceThatIsBeingDeletedIsToldAtOnceAndNothingIsMadeInIt) {
  Seen seen;
  seen.version("v1", 1).ready("v1").in_force().routers("NamespaceTerminating", seconds(0));
  EXPECT_EQ(planned(serving(), seen), Texts{"state Unhealthy"});
  Seen gone;
  gone.routers("NamespaceTerminating", seconds(10)).memory("v1").missing_since = kLongAgo;
  EXPECT_EQ(planned(serving(), gone), Texts{"state Unhealthy"});
}

TEST(PlanDeploymentTest, AnOldVersionGoesWhenItHasDrainedOrItsTimeIsUp) {
  ServiceWanted service =
      ServiceBuilder().version(1, VersionPhase::draining).version(2, VersionPhase::current);
  Seen seen = Seen().version("v1", 1).version("v2", 1).ready("v2");
  seen.traffic("v1").in_table = true;
  EXPECT_EQ(planned(service, seen), Texts{});
  seen.traffic("v1") = {.in_table = false, .drained = false, .left_table = kNow - seconds(64)};
  EXPECT_EQ(planned(service, seen), Texts{});
  seen.traffic("v1").drained = true;
  EXPECT_EQ(planned(service, seen), Texts{"remove v1"});
  seen.traffic("v1") = {.in_table = false, .drained = false, .left_table = kNow - seconds(65)};
  EXPECT_EQ(planned(service, seen), Texts{"remove v1"});
  seen.memory("v1").busy = true;
  EXPECT_EQ(planned(service, seen), Texts{});
}

TEST(PlanDeploymentTest, OneThatLeftTheTableInAnEarlierLifeWaitsForTheTable) {
  ServiceWanted service =
      ServiceBuilder().version(1, VersionPhase::draining).version(2, VersionPhase::current);
  Seen seen = Seen().version("v1", 1).version("v2", 1).ready("v2");
  seen.memory("v1").first_seen = kNow - seconds(1);
  EXPECT_EQ(planned(service, seen), Texts{});
  seen.memory("v1").first_seen = kLongAgo;
  EXPECT_EQ(planned(service, seen), Texts{"remove v1"});
  seen.memory("v1").first_seen = kNow;
  EXPECT_EQ(planned(service, seen.in_force()), Texts{"remove v1"});
}

TEST(PlanDeploymentTest, OneThatNeverServedGoesAtOnce) {
  ServiceWanted service =
      ServiceBuilder().version(1, VersionPhase::current).version(2, VersionPhase::draining);
  service.stored.service.generation = 1;
  EXPECT_EQ(planned(service, Seen().version("v1", 1).ready("v1").version("v2", 1)),
            Texts{"remove v2"});
}

TEST(PlanDeploymentTest, ADeletedServiceGoesVersionByVersion) {
  ServiceWanted service = serving().operation().deleting();
  Seen seen = Seen().version("v1", 1).ready("v1");
  seen.traffic("v1") = {.in_table = false, .drained = true, .left_table = kNow};
  EXPECT_EQ(planned(service, seen), Texts{"remove v1"});
  service.versions.clear();
  EXPECT_EQ(planned(service, seen), Texts{"remove service"});
}

TEST(PlanDeploymentTest, WhatIsWaitedForNamesTheTrouble) {
  Seen seen = Seen().version("v1", 2).ready("v1").trouble("v1", "Unschedulable", seconds(12));
  EXPECT_EQ(describe_deployment_wait(creating(), seen.observed(), kNow),
            "waiting for pods: 1 of 2 ready; Unschedulable: why (12 s)");
  EXPECT_EQ(describe_deployment_wait(creating(VersionStep::environment), Seen().observed(), kNow),
            "waiting for the environment's image");
}

}  // namespace
}  // namespace tidegate::control
