#include "oci/docker_config.h"

#include <gtest/gtest.h>

namespace tidegate::oci {
namespace {

TEST(DockerConfig, WhatCannotBeUsedIsSaidWithoutShowingIt) {
  struct {
    std::string config, why;
  } cases[] = {
      {"open sesame", "is no JSON"},
      {"{}", "no member \"auths\""},
      {R"({"auths": {"host:5000": {}}})", "neither username"},
      {R"({"auths": {"host:5000": {"auth": "b3BlbiBzZXNhbWU="}}})", "neither username"},
      {R"({"auths": {"host:5000": {"auth": "open sesame"}}})", "neither username"},
      {R"({"auths": {"host:5000": {"identitytoken": "open sesame"}}})", "identity token"},
  };
  for (const auto& [config, why] : cases) {
    auto login = login_for("host:5000", config, "config.json");
    ASSERT_FALSE(login.has_value()) << config;
    EXPECT_NE(login.error().message.find(why), std::string::npos) << login.error().message;
    EXPECT_NE(login.error().message.find("config.json"), std::string::npos);
    EXPECT_EQ(login.error().message.find("sesame"), std::string::npos) << login.error().message;
  }
}

TEST(DockerConfig, TheLoginOfThePathWinsOverTheLoginOfTheHost) {
  std::string config = R"({"auths": {
      "host:5000": {"auth": "YW5uOnA6cQ=="},
      "host:5000/team": {"username": "bob", "password": "b"},
      "https://old.example.com/v1/": {"username": "eve", "password": "e"}}})";
  auto user = [&](std::string_view address) {
    auto login = login_for(address, config, "c").value();
    return login ? login->user + "/" + login->password.reveal() : "none";
  };
  EXPECT_EQ(user("host:5000"), "ann/p:q");
  EXPECT_EQ(user("host:5000/team"), "bob/b");
  EXPECT_EQ(user("host:5000/other"), "ann/p:q");
  EXPECT_EQ(user("old.example.com"), "eve/e");
  EXPECT_EQ(user("host"), "none");
}

}  // namespace
}  // namespace tidegate::oci
