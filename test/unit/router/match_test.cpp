#include "router/match.h"

#include <gtest/gtest.h>

namespace tidegate::router {
namespace {

Stage<Target> match_of(std::string_view method, std::string_view target) {
  http::RequestHead head;
  head.method = method;
  head.target = target;
  return match(head);
}

struct Refused {
  std::string_view method;
  std::string_view target;
  int status;
};
class MatchRefuses : public ::testing::TestWithParam<Refused> {};

TEST_P(MatchRefuses, WhatIsNoRoute) {
  Stage<Target> found = match_of(GetParam().method, GetParam().target);
  ASSERT_FALSE(found.has_value()) << GetParam().target;
  EXPECT_EQ(found.error().status, GetParam().status) << GetParam().target;
}

INSTANTIATE_TEST_SUITE_P(All, MatchRefuses,
                         ::testing::Values(Refused{"GET", "/nothing", 404},
                                           Refused{"POST", "/", 404},
                                           Refused{"POST", "/api/v1/service/", 404},
                                           Refused{"POST", "/api/v1/service//score", 404},
                                           Refused{"POST", "/api/v1/service/x/score/", 404},
                                           Refused{"POST", "/api/v1/service/x/scores", 404},
                                           Refused{"POST", "/api/v1/service/x/y/score", 404},
                                           Refused{"POST", "/api/v2/service/x/score", 404},
                                           Refused{"POST", "/w//api/v1/service/x/score", 404},
                                           Refused{"POST", "/w/a", 404}, Refused{"POST", "", 404},
                                           Refused{"PUT", "/api/v1/service/x/score", 405},
                                           Refused{"HEAD", "/api/v1/service/x/score", 405},
                                           Refused{"get", "/api/v1/service/x/score", 405},
                                           Refused{"GET, POST", "/api/v1/service/x/score", 405},
                                           Refused{"POST", "/api/v1/service/x/swagger.json", 405},
                                           Refused{"POST", "/api/v1/service/x/", 405}));

TEST(Match, A405NamesTheMethods) {
  EXPECT_EQ(match_of("PUT", "/api/v1/service/x/score").error().allow, "GET, POST, OPTIONS");
  EXPECT_EQ(match_of("PUT", "/api/v1/service/x/swagger.json").error().allow, "GET");
}

TEST(Match, ScoreOfTheDefaultWorkspace) {
  for (std::string_view method : {"GET", "POST", "OPTIONS"}) {
    Stage<Target> found = match_of(method, "/api/v1/service/my-svc/score?a=/b/");
    ASSERT_TRUE(found.has_value()) << method;
    EXPECT_EQ(found->workspace, "default");
    EXPECT_EQ(found->service, "my-svc");
    EXPECT_EQ(found->replica_path, "/score");
  }
}

TEST(Match, OtherWorkspacesHaveAPrefix) {
  Stage<Target> found = match_of("GET", "/w/team/api/v1/service/x/swagger.json?version=3");
  ASSERT_TRUE(found.has_value());
  EXPECT_EQ(found->workspace, "team");
  EXPECT_EQ(found->service, "x");
  EXPECT_EQ(found->replica_path, "/swagger.json");
}

TEST(Match, TheRootOfAServiceIsTheReplicasRoot) {
  EXPECT_EQ(match_of("GET", "/api/v1/service/x/")->replica_path, "/");
  EXPECT_EQ(match_of("GET", "/api/v1/service/x")->replica_path, "/");
}

TEST(Match, OwnPagesAreForGet) {
  auto page = [](std::string_view method, std::string_view target) {
    http::RequestHead head;
    head.method = method;
    head.target = target;
    return own_page(head);
  };
  EXPECT_EQ(page("GET", "/"), OwnPage::health);
  EXPECT_EQ(page("GET", "/healthz?x=1"), OwnPage::health);
  EXPECT_EQ(page("GET", "/metrics"), OwnPage::metrics);
  EXPECT_EQ(page("GET", "/readyz"), OwnPage::ready);
  EXPECT_EQ(page("GET", "/tidegate/v1/router"), OwnPage::router);
  EXPECT_EQ(page("POST", "/tidegate/v1/router"), OwnPage::none);
  EXPECT_EQ(page("POST", "/metrics"), OwnPage::none);
  EXPECT_EQ(page("GET", "/metrics/"), OwnPage::none);
}

}  // namespace
}  // namespace tidegate::router
