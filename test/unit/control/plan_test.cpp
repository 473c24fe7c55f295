#include "control/plan.h"

#include <gtest/gtest.h>

#include "plan_builder.h"

namespace tidegate::control {
namespace {

using domain::ServiceState;
using std::chrono::seconds;
using store::VersionPhase;
using store::VersionStep;

struct Case {
  const char* name;
  ServiceWanted service;
  Observed observed;
  std::vector<std::string> actions;
};

using S = ServiceBuilder;
using O = ObservedBuilder;

class PlanTest : public ::testing::TestWithParam<Case> {};

TEST_P(PlanTest, AsksFor) {
  const Case& one = GetParam();
  auto actions = texts_of(plan(one.service, one.observed, PlanLimits{}, kNow));
  EXPECT_EQ(actions, one.actions) << one.name;
  // Pure: the same state gives the same actions.
  EXPECT_EQ(texts_of(plan(one.service, one.observed, PlanLimits{}, kNow)), actions);
}

std::string name_of(const ::testing::TestParamInfo<Case>& info) {
  return info.param.name;
}

const backend::ReplicaExit kCrash{.code = 1};
const backend::ReplicaExit kScriptFailed{.code = 3};
const backend::ReplicaExit kKilled{.signal = 9};
const backend::ReplicaExit kAsked{.code = 0, .asked = true};

// A new version on its way.
INSTANTIATE_TEST_SUITE_P(
    Preparing, PlanTest,
    ::testing::Values(
        Case{"BeginsWithTheEnvironment",
             S().operation().version(1, VersionPhase::preparing, 1, VersionStep::environment),
             O(),
             {"environment v1"}},
        Case{"WaitsForAJobUnderWay",
             S().operation().version(1, VersionPhase::preparing, 1, VersionStep::environment),
             O().busy("v1"),
             {}},
        Case{"GoesOnWithTheLayout",
             S().operation().version(1, VersionPhase::preparing, 1, VersionStep::layout),
             O(),
             {"layout v1"}},
        Case{"ThenAddsItsReplicas",
             S().operation().version(1, VersionPhase::preparing, 2),
             O(),
             {"add v1", "add v1"}},
        Case{"StartsARowWhoseProcessIsMissing",  // a crash between row and process
             S().operation().version(1, VersionPhase::preparing, 2).replica("a"),
             O(),
             {"start a", "add v1"}},
        Case{"WaitsForInit",
             S().operation().version(1, VersionPhase::preparing, 1).replica("a"),
             O().starting("a", seconds(300)),
             {}},
        Case{"NotesWhoIsReadyWhileOthersAreNot",
             S().operation().version(1, VersionPhase::preparing, 2).replica("a").replica("b"),
             O().ready("a").starting("b"),
             {"ready a"}},
        Case{"SwitchesWhenAllAreReady",
             S().operation().version(1, VersionPhase::preparing, 2).replica("a").replica("b"),
             O().ready("a").ready("b"),
             {"ready a", "ready b", "switch v1"}},
        Case{"KeepsTheOldOneServingMeanwhile",
             S().operation()
                 .version(1, VersionPhase::current)
                 .replica("old")
                 .was_ready()
                 .version(2, VersionPhase::preparing)
                 .replica("new"),
             O().ready("old").in_table("old").starting("new").table_in_force(),
             {}},
        Case{"DoesNotEndTheOperationWhilePreparing",
             S().operation()
                 .version(1, VersionPhase::current)
                 .replica("old")
                 .was_ready()
                 .version(2, VersionPhase::preparing, 1, VersionStep::environment),
             O().ready("old").in_table("old").busy("v2").table_in_force(),
             {}}),
    name_of);

// A new version that does not come up.
INSTANTIATE_TEST_SUITE_P(
    Failing, PlanTest,
    ::testing::Values(
        Case{"AtOnceWhenTheScriptItselfFailed",
             S().operation().version(1, VersionPhase::preparing, 2).replica("a").replica("b"),
             O().exited("a", kScriptFailed).starting("b"),
             {"fail v1: exited with code 3"}},
        Case{"NotAtTheFirstOtherExit",
             S().operation().version(1, VersionPhase::preparing).replica("a"),
             O().exited("a", kKilled),
             {"replace a"}},
        Case{"TriesAgainAtOnceAfterTheFirst",
             S().operation().version(1, VersionPhase::preparing),
             O().crashes("v1", 1),
             {"add v1"}},
        Case{"WaitsBetweenTries",
             S().operation().version(1, VersionPhase::preparing),
             O().crashes("v1", 2, seconds(1)),
             {}},
        Case{"AtTheThirdOtherExit",
             S().operation().version(1, VersionPhase::preparing).replica("a"),
             O().exited("a", kCrash).crashes("v1", 2),
             {"fail v1: exited with code 1"}},
        Case{"WhenItCannotBeStartedThreeTimes",
             S().operation().version(1, VersionPhase::preparing).replica("a"),
             O().crashes("v1", 3),
             {"fail v1: it broke"}},
        Case{"NotWhenWeStoppedItOurselves",  // `serve` was stopped in the middle of a deployment
             S().operation().version(1, VersionPhase::preparing).replica("a"),
             O().exited("a", kAsked).crashes("v1", 2),
             {"replace a"}},
        Case{"WhenInitDoesNotReturn",
             S().operation().version(1, VersionPhase::preparing).replica("a"),
             O().starting("a", seconds(310)),
             {"fail v1: init() has not returned after 310 s"}},
        Case{"LaterWhenTheProbeAllowsMore",
             S().operation()
                 .version(1, VersionPhase::preparing)
                 .probe({.period_s = 10, .initial_delay_s = 600, .failure_threshold = 3})
                 .replica("a"),
             O().starting("a", seconds(629)),
             {}},
        Case{"ClearsAFailedUpdateAndWaitsForThat",
             S().operation("{}")
                 .state(ServiceState::healthy)
                 .version(1, VersionPhase::current)
                 .replica("old")
                 .was_ready()
                 .version(2, VersionPhase::draining)
                 .replica("new"),
             O().ready("old").in_table("old").starting("new").table_in_force(),
             {"retire new"}},
        Case{"EndsAFailedUpdateWhenItIsCleared",
             S().operation("{}")
                 .state(ServiceState::healthy)
                 .version(1, VersionPhase::current)
                 .replica("old")
                 .was_ready(),
             O().ready("old").in_table("old").table_in_force(),
             {"finish"}},
        Case{"KeepsAFailedCreateUntilItIsCleared",
             S().operation("{}").state(ServiceState::failed).version(1, VersionPhase::draining),
             O().busy("v1"),
             {}},
        Case{"RemovesTheServiceOfAFailedCreate",
             S().operation("{}").state(ServiceState::failed),
             O(),
             {"remove service"}}),
    name_of);

// The version that serves.
INSTANTIATE_TEST_SUITE_P(
    Current, PlanTest,
    ::testing::Values(
        Case{"IsLeftAloneWhenAllIsWell",
             S().version(1, VersionPhase::current, 2)
                 .replica("a")
                 .was_ready()
                 .replica("b")
                 .was_ready(),
             O().ready("a").ready("b").table_in_force(),
             {}},
        Case{"EndsTheOperationOnceTheTableIsInForce",
             S().operation().version(1, VersionPhase::current).replica("a").was_ready(),
             O().ready("a").table_in_force(),
             {"finish"}},
        Case{"DoesNotEndItWithReplicasThatAreNotInTheTableYet",
             S().operation()
                 .version(1, VersionPhase::current, 2)
                 .replica("a")
                 .was_ready()
                 .replica("b"),
             O().ready("a").ready("b").table_in_force(),
             {"ready b"}},
        Case{"DoesNotEndTheOperationBefore",
             S().operation().version(1, VersionPhase::current).replica("a").was_ready(),
             O().ready("a"),
             {}},
        Case{"ReplacesWhatEndedAndFillsThePlaceInTheNextPlan",
             S().version(1, VersionPhase::current, 2)
                 .replica("a")
                 .was_ready()
                 .replica("b")
                 .was_ready(),
             O().exited("a", kKilled).ready("b").table_in_force(),
             {"replace a"}},
        Case{"SaysNothingOfItsStateBeforeItIsKnownWhyTheLastOneEnded",
             S().version(1, VersionPhase::current).replica("a").was_ready(),
             O().exited("a", kKilled).table_in_force(),
             {"replace a"}},
        Case{"FillsThePlaceAtOnceAfterTheFirstCrash",
             S().version(1, VersionPhase::current, 2).replica("b").was_ready(),
             O().ready("b").crashes("v1", 1).table_in_force(),
             {"add v1"}},
        Case{"BacksOffWhenItCrashesRepeatedly",
             S().version(1, VersionPhase::current, 2).replica("b").was_ready(),
             O().ready("b").crashes("v1", 4, seconds(4)).table_in_force(),
             {}},
        Case{"IsUnhealthyWhileNoneIsReady",
             S().version(1, VersionPhase::current).replica("a"),
             O().starting("a").crashes("v1", 1),
             {"state Unhealthy"}},
        Case{"IsHealthyAgainWithTheFirstThatIsReady",
             S().state(ServiceState::unhealthy).version(1, VersionPhase::current).replica("a"),
             O().ready("a").crashes("v1", 1),
             {"ready a", "state Healthy"}},
        Case{"IsTransitioningAfterAStartOfTheMachine",
             S().version(1, VersionPhase::current),
             O(),
             {"add v1", "state Transitioning"}},
        Case{"DoesNotCountAnExitThatWasAsked",
             S().state(ServiceState::transitioning).version(1, VersionPhase::current).replica("a"),
             O().exited("a", kAsked),
             {"forget a", "add v1"}},
        Case{"AddsWhenMoreAreWanted",
             S().operation().version(1, VersionPhase::current, 3).replica("a").was_ready(),
             O().ready("a").table_in_force(),
             {"add v1", "add v1"}},
        Case{"RetiresTheNewestAndTheUnreadyFirstWhenFewerAreWanted",
             S().operation()
                 .version(1, VersionPhase::current, 1)
                 .replica("a")
                 .was_ready()
                 .replica("b")
                 .was_ready()
                 .replica("c"),
             O().ready("a").ready("b").starting("c"),
             {"retire c", "retire b"}},
        Case{"GivesUpAScaleUpThatCrashes",
             S().operation()
                 .version(1, VersionPhase::current, 2)
                 .replica("a")
                 .was_ready()
                 .replica("b"),
             O().ready("a").starting("b").crashes("v1", 3).table_in_force(),
             {"fail operation: it broke"}},
        Case{"RetiresWhatHasStoppedAnsweringAndReplacesItInTheNextPlan",
             S().version(1, VersionPhase::current).replica("a").was_ready(),
             O().starting("a", seconds(30)),
             {"retire hung a", "state Transitioning"}},
        Case{"GivesASilentReplicaTime",
             S().version(1, VersionPhase::current, 2)
                 .replica("a")
                 .was_ready()
                 .replica("b")
                 .was_ready(),
             O().starting("a", seconds(29)).ready("b"),
             {}}),
    name_of);

// On the way out.
INSTANTIATE_TEST_SUITE_P(
    Draining, PlanTest,
    ::testing::Values(
        Case{"LeavesTheTableFirst",
             S().version(1, VersionPhase::draining)
                 .replica("old")
                 .was_ready()
                 .version(2, VersionPhase::current)
                 .replica("new")
                 .was_ready(),
             O().ready("old").in_table("old").ready("new").table_in_force(),
             {"retire old"}},
        Case{"IsNotStoppedWhileInTheTable",
             S().version(1, VersionPhase::draining)
                 .replica("old")
                 .was_ready()
                 .retiring()
                 .version(2, VersionPhase::current)
                 .replica("new")
                 .was_ready(),
             O().ready("old").in_table("old").ready("new"),
             {}},
        Case{"IsNotStoppedBeforeRoutersSayItIsDrained",
             S().version(1, VersionPhase::draining)
                 .replica("old")
                 .was_ready()
                 .retiring()
                 .version(2, VersionPhase::current)
                 .replica("new")
                 .was_ready(),
             O().ready("old").left_table("old", seconds(64), false).ready("new"),
             {}},
        Case{"IsStoppedOnceDrained",
             S().version(1, VersionPhase::draining)
                 .replica("old")
                 .was_ready()
                 .retiring()
                 .version(2, VersionPhase::current)
                 .replica("new")
                 .was_ready(),
             O().ready("old").left_table("old", seconds(0), true).ready("new"),
             {"stop old in 62000 ms"}},
        Case{"IsStoppedWhenNoRouterAnswersInTime",
             S().version(1, VersionPhase::draining)
                 .replica("old")
                 .was_ready()
                 .retiring()
                 .version(2, VersionPhase::current)
                 .replica("new")
                 .was_ready(),
             O().ready("old").left_table("old", seconds(65), false).ready("new"),
             {"stop old in 62000 ms"}},
        Case{"IsStoppedAtOnceIfItNeverServed",
             S().operation("{}")
                 .state(ServiceState::failed)
                 .version(1, VersionPhase::draining)
                 .replica("a")
                 .retiring(),
             O().starting("a"),
             {"stop a in 2000 ms"}},
        Case{"IsAskedOnce",
             S().version(1, VersionPhase::draining)
                 .replica("old")
                 .was_ready()
                 .retiring()
                 .version(2, VersionPhase::current)
                 .replica("new")
                 .was_ready(),
             O().ready("old").stop_asked("old").left_table("old", seconds(65), true).ready("new"),
             {}},
        Case{"WaitsWhileItStops",
             S().version(1, VersionPhase::draining)
                 .replica("old")
                 .was_ready()
                 .retiring()
                 .version(2, VersionPhase::current)
                 .replica("new")
                 .was_ready(),
             O().stopping("old").left_table("old", seconds(1), true).ready("new"),
             {}},
        Case{"IsForgottenWhenItHasEnded",
             S().version(1, VersionPhase::draining)
                 .replica("old")
                 .was_ready()
                 .retiring()
                 .version(2, VersionPhase::current)
                 .replica("new")
                 .was_ready(),
             O().exited("old", kAsked).ready("new"),
             {"forget old"}},
        Case{"ARowWithoutAProcessGoes",
             S().version(1, VersionPhase::draining)
                 .replica("old")
                 .retiring()
                 .version(2, VersionPhase::current)
                 .replica("new")
                 .was_ready(),
             O().ready("new"),
             {"forget old"}},
        Case{"ItsFoldersGoLast",
             S().version(1, VersionPhase::draining)
                 .version(2, VersionPhase::current)
                 .replica("new")
                 .was_ready(),
             O().ready("new"),
             {"remove v1"}},
        Case{"ItsFoldersAreNotRemovedTwiceAtOnce",
             S().version(1, VersionPhase::draining)
                 .version(2, VersionPhase::current)
                 .replica("new")
                 .was_ready(),
             O().ready("new").busy("v1"),
             {}},
        Case{"ADeletedServiceDrainsWhateverItHas",
             S().operation()
                 .deleting()
                 .version(1, VersionPhase::draining)
                 .replica("a")
                 .retiring()
                 .version(2, VersionPhase::current)
                 .replica("b")
                 .was_ready(),
             O().exited("a", kAsked).ready("b").in_table("b"),
             {"forget a", "retire b"}},
        Case{"ADeletedServiceGoesWhenNothingIsLeft",
             S().operation().deleting(),
             O(),
             {"remove service"}}),
    name_of);

TEST(PlanStraysTest, WhatRunsWithoutARowIsStoppedAndForgotten) {
  World world;
  world.services.push_back(S().version(1, VersionPhase::current).replica("known"));
  Observed observed = O().ready("known").ready("stray").exited("dead", kKilled).stopping("going");
  EXPECT_EQ(texts_of(plan_strays(world, observed, PlanLimits{})),
            (std::vector<std::string>{"forget dead", "stop stray in 2000 ms"}));
}

TEST(BackOffTest, GrowsFromNothingToHalfAMinute) {
  std::vector<long> delays;
  for (int crashes : {0, 1, 2, 3, 4, 5, 6, 7, 100}) delays.push_back(back_off(crashes).count());
  EXPECT_EQ(delays, (std::vector<long>{0, 0, 1'000, 2'000, 4'000, 8'000, 16'000, 30'000, 30'000}));
}

TEST(TakesRequestsTest, OnlyTheLivingThatHaveBeenReadyAndStay) {
  Observed observed = O().ready("a").starting("b").stopping("c").exited("d", kKilled);
  auto row = [](std::string id, bool retiring, bool was_ready) {
    return store::Replica{std::move(id), "v1", retiring, was_ready, {}};
  };
  EXPECT_TRUE(takes_requests(row("a", false, true), observed));
  EXPECT_TRUE(takes_requests(row("b", false, true), observed));  // one slow probe
  EXPECT_FALSE(takes_requests(row("a", true, true), observed));
  EXPECT_FALSE(takes_requests(row("a", false, false), observed));
  EXPECT_FALSE(takes_requests(row("c", false, true), observed));
  EXPECT_FALSE(takes_requests(row("d", false, true), observed));
  EXPECT_FALSE(takes_requests(row("unknown", false, true), observed));
}

}  // namespace
}  // namespace tidegate::control
