#include "kube/config.h"

#include <stdlib.h>

#include "os/base64.h"
#include "support/temp_dir.h"

namespace tidegate::kube {
namespace {

const std::string kClusters = R"(
clusters:
- name: c1
  cluster: {server: "https://10.0.0.1:6443/", certificate-authority-data: Q0E=}
- name: c2
  cluster: {server: "https://10.0.0.2", insecure-skip-tls-verify: true}
)";
const std::string kUsers = R"(
users:
- name: u1
  user: {client-certificate-data: Q0VSVA==, client-key-data: S0VZ}
- name: u2
  user: {token: 12345}
)";
const std::string kContexts = R"(
contexts:
- name: one
  context: {cluster: c1, user: u1}
- name: two
  context: {cluster: c2, user: u2, namespace: team}
)";
const std::string kWhole = kClusters + kUsers + kContexts;

std::string context_of(const std::string& cluster, const std::string& user) {
  return "clusters:\n- name: c\n  cluster: " + cluster + "\nusers:\n- name: u\n  user: " + user +
         "\ncontexts:\n- name: x\n  context: {cluster: c, user: u}\ncurrent-context: x\n";
}

TEST(Kubeconfig, WhatIsMissingOrWrongIsNamed) {
  struct Row {
    std::string yaml;
    std::string message;
  };
  const std::string server = "{server: \"https://h\"}";
  const Row rows[] = {
      {"a: [", "kubeconfig: line 1, column 1: end of sequence flow not found"},
      {"{}", "current-context is missing; choose one of its contexts (nothing)"},
      {kWhole, "current-context is missing; choose one of its contexts (one, two) with `kubectl"},
      {kWhole + "current-context: three",
       "current-context names \"three\", which is not among contexts (one, two)"},
      {kUsers + kContexts + "current-context: one",
       "contexts[one].context.cluster names \"c1\", which is not among clusters (nothing)"},
      {kClusters + kContexts + "current-context: two",
       "contexts[two].context.user names \"u2\", which is not among users (nothing)"},
      {"contexts: [{name: x}]\ncurrent-context: x", "contexts[x].context is missing"},
      {"contexts: [{name: x, context: {user: u}}]\ncurrent-context: x",
       "contexts[x].context.cluster is missing"},
      {"contexts: [{name: x, context: {cluster: c}}]\ncurrent-context: x",
       "contexts[x].context.user is missing"},
      {context_of("{a: b}", "{token: t}"), "clusters[c].cluster.server is missing"},
      {context_of("{server: h}", "{token: t}"),
       "clusters[c].cluster.server must begin with https://, not \"h\""},
      {context_of("{server: \"https://h\", certificate-authority-data: \"?\"}", "{token: t}"),
       "clusters[c].cluster.certificate-authority-data is no base64"},
      {context_of("{server: \"https://h\", certificate-authority: none.crt}", "{token: t}"),
       "clusters[c].cluster.certificate-authority: cannot "},
      {context_of("{server: \"https://h\", insecure-skip-tls-verify: 1}", "{token: t}"),
       "clusters[c].cluster.insecure-skip-tls-verify must be true or false"},
      {context_of("{server: \"https://h\", proxy-url: \"http://p\"}", "{token: t}"),
       "clusters[c].cluster.proxy-url is not supported"},
      {context_of(server, "{a: b}"), "users[u].user has neither token nor client-certificate"},
      {context_of(server, "{client-certificate-data: Q0E=}"),
       "users[u].user.client-key is missing"},
      {context_of(server, "{client-key-data: Q0E=}"),
       "users[u].user.client-certificate is missing"},
      {context_of(server, "{tokenFile: none}"), "users[u].user.tokenFile: cannot "},
      {context_of(server, "{exec: {command: aws}}"),
       "users[u].user.exec is not supported: it needs a program of yours. Make a service account"},
      {context_of(server, "{auth-provider: {name: gcp}}"),
       "users[u].user.auth-provider is not supported"},
  };
  test::TempDir empty;
  for (const Row& row : rows) {
    auto config = parse_kubeconfig(row.yaml, empty.path());
    ASSERT_FALSE(config.has_value()) << row.yaml;
    EXPECT_EQ(config.error().code, Code::invalid);
    EXPECT_NE(config.error().message.find(row.message), std::string::npos)
        << row.message << "\n"
        << config.error().message;
    EXPECT_TRUE(config.error().message.starts_with("kubeconfig: "));
  }
}

TEST(Kubeconfig, TheCurrentContextCounts) {
  auto one = parse_kubeconfig(kWhole + "current-context: one", "");
  ASSERT_TRUE(one.has_value()) << one.error().message;
  EXPECT_EQ(one->server, "https://10.0.0.1:6443");
  EXPECT_EQ(one->tls.ca, "CA");
  EXPECT_EQ(one->tls.certificate, "CERT");
  EXPECT_EQ(one->tls.key.reveal(), "KEY");
  EXPECT_TRUE(one->tls.is_verified);
  EXPECT_EQ(one->user, "u1");
  EXPECT_EQ(one->namespace_, "");
  auto two = parse_kubeconfig(kWhole + "current-context: two", "");
  ASSERT_TRUE(two.has_value()) << two.error().message;
  EXPECT_EQ(two->server, "https://10.0.0.2");
  EXPECT_FALSE(two->tls.is_verified);
  EXPECT_EQ(two->token.reveal(), "12345");
  EXPECT_EQ(two->namespace_, "team");
}

TEST(Kubeconfig, FilesAreRelativeToItsFolderAndNotNeededLater) {
  test::TempDir dir;
  std::filesystem::create_directories(dir / "pki");
  ASSERT_TRUE(os::write_file_atomic(dir / "pki/ca.crt", "CA").has_value());
  ASSERT_TRUE(os::write_file_atomic(dir / "c.crt", "CERT").has_value());
  ASSERT_TRUE(os::write_file_atomic(dir / "c.key", "KEY").has_value());
  auto config = parse_kubeconfig(
      context_of("{server: \"https://h\", certificate-authority: pki/ca.crt}",
                 "{client-certificate: \"" + (dir / "c.crt").string() + "\", client-key: c.key}"),
      dir.path());
  ASSERT_TRUE(config.has_value()) << config.error().message;
  std::string kept = to_kubeconfig(*config).reveal();
  auto again = parse_kubeconfig(kept, "/nowhere");
  ASSERT_TRUE(again.has_value()) << again.error().message;
  EXPECT_EQ(again->tls.ca, "CA");
  EXPECT_EQ(again->tls.certificate, "CERT");
  EXPECT_EQ(again->tls.key.reveal(), "KEY");
}

TEST(Kubeconfig, EverythingComesBackFromTheTextThatIsKept) {
  Config config{.server = "https://[::1]:6443",
                .tls = {.ca = "CA", .is_verified = false},
                .token = Secret("t\"ok"),
                .namespace_ = "n",
                .user = "somebody: else"};
  auto again = parse_kubeconfig(to_kubeconfig(config).reveal(), "");
  ASSERT_TRUE(again.has_value()) << again.error().message;
  EXPECT_EQ(again->server, config.server);
  EXPECT_EQ(again->tls.ca, "CA");
  EXPECT_FALSE(again->tls.is_verified);
  EXPECT_EQ(again->token, config.token);
  EXPECT_EQ(again->namespace_, "n");
  EXPECT_EQ(again->user, config.user);
}

TEST(Kubeconfig, AFileOfATokenStaysAFile) {
  test::TempDir dir;
  ASSERT_TRUE(os::write_file_atomic(dir / "token", "abc\n").has_value());
  auto config =
      parse_kubeconfig(context_of("{server: \"https://h\"}", "{tokenFile: token}"), dir.path());
  ASSERT_TRUE(config.has_value()) << config.error().message;
  EXPECT_EQ(config->token.reveal(), "abc");
  EXPECT_EQ(config->token_file, dir / "token");
  auto again = parse_kubeconfig(to_kubeconfig(*config).reveal(), "/nowhere");
  ASSERT_TRUE(again.has_value()) << again.error().message;
  EXPECT_EQ(again->token_file, dir / "token");
}

class InCluster : public testing::Test {
 protected:
  InCluster() {
    ::setenv("KUBERNETES_SERVICE_HOST", "10.96.0.1", 1);
    ::setenv("KUBERNETES_SERVICE_PORT", "443", 1);
    for (const char* name : {"ca.crt", "token", "namespace"}) {
      EXPECT_TRUE(os::write_file_atomic(mount / name, std::string(name) + "\n").has_value());
    }
  }
  ~InCluster() override {
    ::unsetenv("KUBERNETES_SERVICE_HOST");
    ::unsetenv("KUBERNETES_SERVICE_PORT");
  }
  test::TempDir mount;
};

TEST_F(InCluster, OutsideOfAClusterIsSaidToBeOutside) {
  ::unsetenv("KUBERNETES_SERVICE_PORT");
  auto config = in_cluster_config(mount.path());
  ASSERT_FALSE(config.has_value());
  EXPECT_NE(config.error().message.find("KUBERNETES_SERVICE_PORT are not set: this is no pod"),
            std::string::npos);
}

TEST_F(InCluster, AServiceAccountThatIsNotMountedIsNamed) {
  std::filesystem::remove(mount / "token");
  auto config = in_cluster_config(mount.path());
  ASSERT_FALSE(config.has_value());
  EXPECT_NE(config.error().message.find((mount / "token").string()), std::string::npos);
  EXPECT_NE(config.error().message.find("automountServiceAccountToken"), std::string::npos);
}

TEST_F(InCluster, IsWhatAPodIsGiven) {
  auto config = in_cluster_config(mount.path());
  ASSERT_TRUE(config.has_value()) << config.error().message;
  EXPECT_EQ(config->server, "https://10.96.0.1:443");
  EXPECT_EQ(config->tls.ca, "ca.crt\n");
  EXPECT_EQ(config->token_file, mount / "token");
  EXPECT_EQ(config->namespace_, "namespace");
  ::setenv("KUBERNETES_SERVICE_HOST", "fd00::1", 1);
  EXPECT_EQ(in_cluster_config(mount.path())->server, "https://[fd00::1]:443");
}

}  // namespace
}  // namespace tidegate::kube
