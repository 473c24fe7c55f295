#include <gtest/gtest.h>

#include "oci/registry.h"

namespace tidegate::oci {
namespace {

const std::string kDigest = "sha256:" + std::string(64, 'a');

TEST(Reference, WhatIsNoneIsRefusedWithTheReason) {
  struct {
    std::string text;
    std::string why;
  } cases[] = {
      {"", "does not begin with the host"},
      {"python:3.10", "does not begin with the host"},
      {"team/image", "does not begin with the host"},
      {"host:5000", "does not begin with the host"},
      {"host:5000/", "no name of a repository"},
      {"host:5000/Team/x", "no name of a repository"},
      {"host:5000/a//b", "no name of a repository"},
      {"host:5000/a/../b", "no name of a repository"},
      {"host:5000/a_-b", "no name of a repository"},
      {"host:5000/-a", "no name of a repository"},
      {"host:5000/" + std::string(256, 'a'), "no name of a repository"},
      {"host:5000/a:", "no tag"},
      {"host:5000/a:-x", "no tag"},
      {"host:5000/a:" + std::string(129, 'x'), "no tag"},
      {"host:5000/a@sha256:abc", "no sha256 digest"},
      {"host:5000/a@" + kDigest + "0", "no sha256 digest"},
      {"user@host:5000/a", "no sha256 digest"},
      {"ho st:5000/a", "does not begin with the host"},
  };
  for (const auto& [text, why] : cases) {
    auto reference = parse_reference(text);
    ASSERT_FALSE(reference.has_value()) << text;
    EXPECT_EQ(reference.error().code, Code::invalid);
    EXPECT_NE(reference.error().message.find(why), std::string::npos)
        << text << ": " << reference.error().message;
  }
}

TEST(Reference, ItsPartsAreFoundAndPutTogetherAgain) {
  for (std::string text : {"10.0.0.1:5000/team/azureml/azureml_1f", "localhost/a",
                           "registry.example.com/a__b/c-d.e:v1.2_3", "[::1]:5000/a:x"}) {
    for (std::string whole : {text, text + "@" + kDigest}) {
      auto reference = parse_reference(whole);
      ASSERT_TRUE(reference.has_value()) << reference.error().message;
      EXPECT_EQ(reference->text(), whole);
    }
  }
  Reference all = parse_reference("h:1/a/b:t@" + kDigest).value();
  EXPECT_EQ(all.registry, "h:1");
  EXPECT_EQ(all.repository, "a/b");
  EXPECT_EQ(all.tag, "t");
  EXPECT_EQ(all.digest, kDigest);
}

}  // namespace
}  // namespace tidegate::oci
