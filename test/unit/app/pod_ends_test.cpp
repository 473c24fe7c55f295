#include "app/pod_ends.h"

#include <gtest/gtest.h>

namespace tidegate::app {
namespace {

Json pod_with(std::string_view scoring_status, std::string_view status = "{}") {
  Json pod{{"metadata", {{"name", "a"}}},
           {"status", parse_json(std::string(status), "status").value()}};
  Json scoring = parse_json(std::string(scoring_status), "scoring").value();
  scoring["name"] = "scoring";
  pod["status"]["containerStatuses"] = Json::array({scoring});
  return pod;
}

constexpr std::string_view kRuns = R"({"containerID": "c1", "state": {"running": {}}})";
constexpr std::string_view kEnded = R"({"containerID": "c1", "state": {"terminated":
    {"containerID": "c1", "exitCode": 9, "reason": "Error"}}})";
constexpr std::string_view kRunsAgain = R"({"containerID": "c2", "state": {"running": {}},
    "lastState": {"terminated": {"containerID": "c1", "exitCode": 137, "reason": "OOMKilled"}}})";
constexpr std::string_view kEndedTwice = R"({"containerID": "c2", "state": {"terminated":
    {"containerID": "c2", "exitCode": 3}},
    "lastState": {"terminated": {"containerID": "c1", "exitCode": 9}}})";

TEST(PodEnds, OfAContainerThatRunsNothingIsKnown) {
  PodEnds ends;
  ends.note({{"a", pod_with(kRuns)}});
  EXPECT_EQ(ends.text_of("c1"), std::nullopt);
  EXPECT_EQ(ends.text_of(""), std::nullopt);
}

TEST(PodEnds, AreToldByTheContainerThatEnded) {
  PodEnds ends;
  ends.note({{"a", pod_with(kEnded)}});
  EXPECT_EQ(ends.text_of("c1"), "exited with code 9");
  EXPECT_EQ(run_of(pod_with(kEnded)), "c1");
}

TEST(PodEnds, OfTheRunBeforeAreNotThoseOfTheNext) {
  PodEnds ends;
  ends.note({{"a", pod_with(kRunsAgain)}});
  EXPECT_EQ(ends.text_of("c1"), "killed by signal 9 (Killed), out of memory");
  EXPECT_EQ(ends.text_of("c2"), std::nullopt);
  EXPECT_EQ(run_of(pod_with(kRunsAgain)), "c2");
}

TEST(PodEnds, BothRunsThatAStatusKnowsAreTold) {
  PodEnds ends;
  ends.note({{"a", pod_with(kEndedTwice)}});
  EXPECT_EQ(ends.text_of("c1"), "exited with code 9");
  EXPECT_EQ(ends.text_of("c2"), "exited with code 3");
}

TEST(PodEnds, AnEvictionNamesTheNodesReason) {
  PodEnds ends;
  ends.note({{"a", pod_with(kEnded, R"({"phase": "Failed", "reason": "Evicted",
                                        "message": "The node was low on resource: memory."})")}});
  EXPECT_EQ(ends.text_of("c1"),
            "exited with code 9; its node ended the pod "
            "(Evicted: The node was low on resource: memory.)");
}

TEST(PodEnds, APodThatIsGoneHasEndedItsReplica) {
  PodEnds ends;
  ends.note({{"a", pod_with(kRuns)}});
  ends.note({});
  EXPECT_EQ(ends.text_of("c1"), "ended with its pod a");
}

TEST(PodEnds, WhatWasSeenBeforeThePodWentStays) {
  PodEnds ends;
  ends.note({{"a", pod_with(kEnded)}});
  ends.note({});
  EXPECT_EQ(ends.text_of("c1"), "exited with code 9");
}

TEST(PodEnds, ARunIsForgottenOnlyAfterManyOthers) {
  PodEnds ends;
  for (int i = 0; i <= 1000; ++i) {
    Json pod = pod_with(kEnded);
    pod["status"]["containerStatuses"][0]["state"]["terminated"]["containerID"] = std::to_string(i);
    ends.note({{"a", pod}});
  }
  EXPECT_EQ(ends.text_of("0"), std::nullopt);
  EXPECT_TRUE(ends.text_of("1").has_value());
  EXPECT_TRUE(ends.text_of("1000").has_value());
}

TEST(PodEnds, WhatIsNoPodHurtsNobody) {
  PodEnds ends;
  ends.note({{"a", Json("text")}, {"b", Json::object()}, {"c", pod_with(R"({"state": 7})")}});
  EXPECT_EQ(run_of(Json("text")), "");
}

}  // namespace
}  // namespace tidegate::app
