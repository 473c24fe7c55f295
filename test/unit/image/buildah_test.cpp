#include "image/buildah.h"

#include <gtest/gtest.h>

namespace tidegate::image {
namespace {

using Words = std::vector<std::string>;

Buildah some_buildah() {
  return Buildah({.storage = "/d/buildah", .registries = "/b/registries"});
}

Words words_of(const os::Command& command) {
  static const Words kCommon = {"buildah",      "--root",         "/d/buildah/store",
                                "--runroot",    "/d/buildah/run", "--registries-conf",
                                "/b/registries"};
  EXPECT_EQ(Words(command.argv.begin(), command.argv.begin() + 7), kCommon);
  EXPECT_TRUE(command.env.empty());
  return {command.argv.begin() + 7, command.argv.end()};
}

TEST(Buildah, CommandsAreTheseWords) {
  Buildah buildah = some_buildah();
  EXPECT_EQ(words_of(buildah.build("/b/Dockerfile", "/b/context", "localhost/base")),
            (Words{"bud", "--isolation", "chroot", "--format", "oci", "--ignorefile", "/dev/null",
                   "--file", "/b/Dockerfile", "--tag", "localhost/base", "/b/context"}));
  EXPECT_EQ(words_of(buildah.from("r:1/base@sha256:0", "c")),
            (Words{"from", "--name", "c", "r:1/base@sha256:0"}));
  EXPECT_EQ(words_of(buildah.run("c", {{"/b/in", "/run/x"}, {"/bin/uv", "/run/x/uv", true}},
                                 {"/bin/sh", "/run/x/install.sh"})),
            (Words{"run", "--isolation", "chroot", "--user", "0:0", "--volume", "/b/in:/run/x",
                   "--volume", "/bin/uv:/run/x/uv:ro", "c", "--", "/bin/sh", "/run/x/install.sh"}));
  EXPECT_EQ(words_of(buildah.describe("c", {{"tidegate.recipe", "a, b\nc=d"}}, {{"k", "v"}})),
            (Words{"config", "--label", "tidegate.recipe=a, b\nc=d", "--annotation", "k=v", "c"}));
  EXPECT_EQ(words_of(buildah.commit("c", "localhost/e")),
            (Words{"commit", "--format", "oci", "--rm", "--quiet", "c", "localhost/e"}));
  EXPECT_EQ(
      words_of(buildah.push("localhost/e", "r:1/azureml/e:latest", "/b/digest")),
      (Words{"push", "--digestfile", "/b/digest", "localhost/e", "docker://r:1/azureml/e:latest"}));
  EXPECT_EQ(words_of(buildah.remove_container("c")), (Words{"rm", "c"}));
  EXPECT_EQ(words_of(buildah.remove_all_containers()), (Words{"rm", "--all"}));
  EXPECT_EQ(words_of(buildah.remove_image("localhost/e")), (Words{"rmi", "localhost/e"}));
}

TEST(Buildah, IsRunByTheProgramThatIsPutBefore) {
  Buildah buildah({.before = {"unshare", "--pid"}, .storage = "/d", .registries = "/r"});
  Words words = buildah.remove_container("c").argv;
  EXPECT_EQ(Words(words.begin(), words.begin() + 3), (Words{"unshare", "--pid", "buildah"}));
}

TEST(Buildah, LoginsAndCertificatesGoToWhatUsesTheNetwork) {
  Buildah buildah({.storage = "/d/buildah",
                   .registries = "/b/registries",
                   .logins = "/b/logins",
                   .certificates = "/b/certificates"});
  const Words flags = {"--authfile", "/b/logins", "--cert-dir", "/b/certificates"};
  for (const os::Command& command :
       {buildah.build("f", "x", "t"), buildah.from("b", "c"), buildah.push("i", "t", "d")}) {
    Words words = words_of(command);
    EXPECT_EQ(Words(words.begin() + 1, words.begin() + 5), flags) << words[0];
  }
  EXPECT_EQ(words_of(buildah.commit("c", "i")).at(1), "--format");
}

TEST(Buildah, PlainHttpIsForThoseRegistriesAlone) {
  EXPECT_EQ(registries_text({{.address = "a:5000/path", .is_plain_http = true},
                             {.address = "b.example"},
                             {.address = ""},
                             {.address = "a:5000", .is_plain_http = true}}),
            "unqualified-search-registries = [\"docker.io\"]\n"
            "[[registry]]\nlocation = \"a:5000\"\ninsecure = true\n");
}

TEST(Buildah, LoginsAreThoseThatWereGiven) {
  EXPECT_EQ(logins_text({{.address = "a:5000"}, {.address = ""}}), "");
  EXPECT_EQ(logins_text({{.address = "a:5000/p", .user = "me", .password = Secret("it")}}),
            R"({"auths":{"a:5000/p":{"auth":"bWU6aXQ="}}})");
}

}  // namespace
}  // namespace tidegate::image
