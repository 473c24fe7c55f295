#include "control/progress.h"

#include <gtest/gtest.h>

#include "plan_builder.h"

namespace tidegate::control {
namespace {

using std::chrono::seconds;
using store::VersionPhase;
using store::VersionStep;
using S = ServiceBuilder;
using O = ObservedBuilder;

std::string wait_of(const ServiceWanted& service, const Observed& observed) {
  return describe_wait(service, observed, kNow);
}

TEST(ProgressTest, NothingIsWaitedForWithoutAnOperation) {
  EXPECT_EQ(wait_of(S().version(1, VersionPhase::current).replica("a"), O().starting("a")), "");
}

TEST(ProgressTest, EachStepHasItsLine) {
  auto step = [](VersionStep at) {
    return S().operation().version(1, VersionPhase::preparing, 1, at);
  };
  Observed busy = O().busy("v1");
  busy.versions["v1"].busy_since = kNow - seconds(7);
  EXPECT_EQ(wait_of(step(VersionStep::environment), busy), "waiting for the environment (7 s)");
  EXPECT_EQ(wait_of(step(VersionStep::layout), busy), "laying out models and source (7 s)");
  ServiceWanted replicas = step(VersionStep::replicas).replica("a").replica("b");
  EXPECT_EQ(wait_of(replicas, O().ready("a").starting("b", seconds(3))),
            "waiting for init() of replica b (3 s)");
  EXPECT_EQ(wait_of(replicas, O().ready("a")), "starting replica b");
  EXPECT_EQ(wait_of(replicas, O().exited("a", {.code = 1})), "replica a ended; starting another");
}

TEST(ProgressTest, ABackOffSaysHowLongItTakes) {
  ServiceWanted service = S().operation().version(1, VersionPhase::preparing);
  EXPECT_EQ(wait_of(service, O().crashes("v1", 3, seconds(2))),
            "a replica ended 3 time(s); next try (2 s)");
}

TEST(ProgressTest, TheEndOfAnUpdateIsTheRouters) {
  ServiceWanted service =
      S().operation().version(1, VersionPhase::current).replica("a").was_ready();
  EXPECT_EQ(wait_of(service, O().ready("a")),
            "waiting for the router to apply the new routing table");
}

TEST(ProgressTest, ADeletionWaitsForRequestsAndThenForTheEnd) {
  ServiceWanted service = S().operation().deleting().version(1, VersionPhase::current).replica("a");
  EXPECT_EQ(wait_of(service, O().ready("a")), "waiting for replica a to finish its requests");
  EXPECT_EQ(wait_of(service, O().ready("a").stop_asked("a")), "waiting for replica a to end");
}

TEST(ProgressTest, AFailureIsClearedAway) {
  EXPECT_EQ(wait_of(S().operation("{}").version(1, VersionPhase::draining), O()),
            "clearing away what failed");
}

}  // namespace
}  // namespace tidegate::control
