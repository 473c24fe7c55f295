#include "domain/complaints.h"

#include <gtest/gtest.h>

#include "unit/domain/complaint_text.h"

namespace tidegate::domain {
namespace {

TEST(Complaints, AllProblemsBecomeOneErrorWithALineEach) {
  Complaints complaints;
  complaints.add("a.json: numReplicas", "must be greater than zero");
  complaints.add("", "the file is empty");
  complaints.warn("a.json: x", "unknown key, ignored");
  Result<> result = complaints.as_result();
  ASSERT_FALSE(result.has_value());
  EXPECT_EQ(result.error().code, Code::invalid);
  EXPECT_EQ(result.error().message,
            "a.json: numReplicas: must be greater than zero\nthe file is empty");
}

TEST(Complaints, WarningsAloneAreNoError) {
  Complaints complaints;
  complaints.warn("x", "odd");
  EXPECT_TRUE(complaints.empty());
  EXPECT_TRUE(complaints.as_result().has_value());
}

TEST(Complaints, StrictTurnsWarningsIntoProblems) {
  Complaints complaints;
  complaints.add("a", "wrong");
  complaints.warn("b", "odd");
  complaints.make_strict();
  EXPECT_EQ(text_of(complaints), "a: wrong\nb: odd\n");
}

TEST(Complaints, RelabelNamesTheFlagInsteadOfTheKeyThatItOverrode) {
  Complaints complaints;
  complaints.add("d.json: numReplicas", "must be greater than zero, is 0");
  complaints.warn("d.json: namespace", "has no effect");
  complaints.relabel("d.json: numReplicas", "--nr/--num-replicas");
  complaints.relabel("d.json: namespace", "--namespace");
  EXPECT_EQ(text_of(complaints),
            "--nr/--num-replicas: must be greater than zero, is 0\n"
            "warning: --namespace: has no effect\n");
}

TEST(Suggest, FindsTheCandidateWithTheFewestEdits) {
  EXPECT_EQ(suggest("minReplica", {"maxReplicas", "minReplicas"}), "minReplicas");
  EXPECT_EQ(suggest("autenabled", {"authEnabled", "tokenAuthEnabled"}), "authEnabled");
}

TEST(Suggest, IgnoresCase) {
  EXPECT_EQ(suggest("NUMREPLICAS", {"numReplicas"}), "numReplicas");
}

TEST(Suggest, SaysNothingWhenNothingIsNear) {
  EXPECT_EQ(suggest("colour", {"numReplicas", "authEnabled"}), "");
  EXPECT_EQ(suggest("ab", {"xy"}), "");
  EXPECT_EQ(suggest("", {}), "");
}

TEST(Suggest, AShortWordMayBeWrongInOneLetterOnly) {
  EXPECT_EQ(suggest("cpi", {"cpu"}), "cpu");
  EXPECT_EQ(suggest("cxx", {"cpu"}), "");
}

}  // namespace
}  // namespace tidegate::domain
