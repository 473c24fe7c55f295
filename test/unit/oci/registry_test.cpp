#include "oci/registry.h"

#include <gtest/gtest.h>

#include "fetch/curl_client.h"
#include "os/sha256.h"
#include "unit/fetch/canned_server.h"
#include "unit/oci/docker_registry.h"

namespace tidegate::oci {
namespace {

std::string digest_of(std::string_view bytes) {
  return "sha256:" + os::sha256_hex(bytes);
}

struct RegistryTest : testing::Test {
  test::TempDir dir;
  fetch::CurlClient http;

  Descriptor blob(const std::string& bytes) {
    EXPECT_TRUE(os::write_file_quick(dir / "blob", bytes).has_value());
    return {.media_type = "x", .digest = digest_of(bytes), .size = bytes.size()};
  }
};

TEST_F(RegistryTest, WhatIsPushedIsPulled) {
  DockerRegistry server;
  Registry registry({.address = server.address(), .is_plain_http = true}, http);
  ASSERT_TRUE(registry.ping().has_value());
  std::string bytes(3'000'000, 'x');
  Descriptor descriptor = blob(bytes);
  EXPECT_FALSE(registry.has_blob("team/app", descriptor.digest).value());
  auto pushed = registry.push_blob("team/app", descriptor, dir / "blob");
  ASSERT_TRUE(pushed.has_value()) << pushed.error().message;
  EXPECT_TRUE(registry.has_blob("team/app", descriptor.digest).value());
  // Nothing is read of the file when the blob is there.
  EXPECT_TRUE(registry.push_blob("team/app", descriptor, dir / "missing").has_value());
  // Another repository takes it over from the one where it was seen.
  auto mounted = registry.push_blob("team/other", descriptor, dir / "missing");
  ASSERT_TRUE(mounted.has_value()) << mounted.error().message;
  for (std::string repository : {"team/app", "team/other"}) {
    auto pulled = registry.pull_blob(repository, descriptor, dir / "back");
    ASSERT_TRUE(pulled.has_value()) << pulled.error().message;
    EXPECT_EQ(os::read_file(dir / "back").value(), bytes);
    EXPECT_FALSE(std::filesystem::exists(dir / "back.part"));
  }
}

TEST_F(RegistryTest, AManifestIsFoundByTagAndByDigest) {
  DockerRegistry server;
  Registry registry({.address = server.address() + "/org", .is_plain_http = true}, http);
  ASSERT_TRUE(registry.push_bytes("app", digest_of("{}"), "{}").has_value());
  Json manifest = {{"schemaVersion", 2},
                   {"mediaType", "application/vnd.oci.image.manifest.v1+json"},
                   {"config",
                    {{"mediaType", "application/vnd.oci.empty.v1+json"},
                     {"digest", digest_of("{}")},
                     {"size", 2}}},
                   {"layers", Json::array()}};
  auto digest = registry.push_manifest("app", manifest, "v1");
  ASSERT_TRUE(digest.has_value()) << digest.error().message;
  EXPECT_EQ(digest, digest_of(to_text(manifest)));
  EXPECT_EQ(registry.push_manifest("app", manifest, "").value(), *digest);
  for (const std::string& reference : {std::string("v1"), *digest}) {
    auto found = registry.manifest("app", reference);
    ASSERT_TRUE(found.has_value()) << found.error().message;
    ASSERT_TRUE(found->has_value());
    EXPECT_EQ((*found)->digest, *digest);
    EXPECT_EQ((*found)->json, manifest);
  }
  EXPECT_FALSE(registry.manifest("app", "v2").value().has_value());
  EXPECT_FALSE(registry.manifest("none", "v1").value().has_value());
  EXPECT_EQ(registry.name_of("app"), server.address() + "/org/app");
  // The path of the address is a part of the name.
  Registry root({.address = server.address(), .is_plain_http = true}, http);
  EXPECT_TRUE(root.manifest("org/app", "v1").value().has_value());
}

TEST_F(RegistryTest, ABlobThatIsNotWhatItsDigestSaysIsRefusedByTheRegistry) {
  DockerRegistry server;
  Registry registry({.address = server.address(), .is_plain_http = true}, http);
  Descriptor descriptor = blob("something");
  descriptor.digest = digest_of("something else");
  auto pushed = registry.push_blob("app", descriptor, dir / "blob");
  ASSERT_FALSE(pushed.has_value());
  EXPECT_EQ(pushed.error().code, Code::invalid);
  EXPECT_NE(pushed.error().message.find("DIGEST_INVALID"), std::string::npos)
      << pushed.error().message;
}

TEST_F(RegistryTest, AManifestWhoseBlobsAreMissingIsRefusedByTheRegistry) {
  DockerRegistry server;
  Registry registry({.address = server.address(), .is_plain_http = true}, http);
  Json manifest = {{"schemaVersion", 2},
                   {"mediaType", "application/vnd.oci.image.manifest.v1+json"},
                   {"config",
                    {{"mediaType", "application/vnd.oci.empty.v1+json"},
                     {"digest", digest_of("{}")},
                     {"size", 2}}},
                   {"layers", Json::array()}};
  EXPECT_EQ(registry.push_manifest("app", manifest, "v1").error().code, Code::invalid);
}

TEST_F(RegistryTest, ADamagedBlobIsNeverSeenAsAFile) {
  DockerRegistry server;
  Registry registry({.address = server.address(), .is_plain_http = true}, http);
  Descriptor descriptor = blob("the model");
  ASSERT_TRUE(registry.push_blob("app", descriptor, dir / "blob").has_value());
  for (std::string damaged : {"THE model", "the mod", "the model and more"}) {
    ASSERT_TRUE(os::write_file_quick(server.blob_file(descriptor.digest), damaged).has_value());
    auto pulled = registry.pull_blob("app", descriptor, dir / "back");
    ASSERT_FALSE(pulled.has_value()) << damaged;
    EXPECT_EQ(pulled.error().code, Code::invalid) << pulled.error().message;
    EXPECT_NE(pulled.error().message.find("damaged"), std::string::npos);
    EXPECT_FALSE(std::filesystem::exists(dir / "back"));
    EXPECT_FALSE(std::filesystem::exists(dir / "back.part"));
  }
}

TEST_F(RegistryTest, ADamagedManifestIsRefused) {
  std::string header = "Docker-Content-Digest: " + digest_of("{}") + "\r\n";
  fetch::CannedServer server([&](const std::string&) {
    return "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n" + header + "\r\n[]";
  });
  Registry registry({.address = server.url().substr(7), .is_plain_http = true}, http);
  EXPECT_EQ(registry.manifest("app", "tag").error().code, Code::invalid);
  EXPECT_EQ(registry.manifest("app", digest_of("{}")).error().code, Code::invalid);
  header.clear();
  EXPECT_TRUE(registry.manifest("app", "tag").value().has_value());
  EXPECT_EQ(registry.manifest("app", digest_of("{}")).error().code, Code::invalid);
  EXPECT_TRUE(registry.manifest("app", digest_of("[]")).value().has_value());
}

TEST_F(RegistryTest, AnUploadGoesWhereTheRegistrySaysAndOnlyTheRegistrySeesTheLogin) {
  std::string elsewhere_seen;
  fetch::CannedServer elsewhere([&](const std::string& request) {
    elsewhere_seen = request;
    return "HTTP/1.1 201 Created\r\nContent-Length: 0\r\n\r\n";
  });
  std::string location;
  std::string put_seen;
  fetch::CannedServer server([&](const std::string& request) -> std::string {
    if (request.find("Authorization: Basic") == std::string::npos) {
      return "HTTP/1.1 401 No\r\nWWW-Authenticate: Basic realm=\"x\"\r\nContent-Length: 0\r\n\r\n";
    }
    if (request.starts_with("HEAD")) return "HTTP/1.1 404 No\r\nContent-Length: 0\r\n\r\n";
    if (request.starts_with("PUT")) {
      put_seen = request;
      return "HTTP/1.1 201 Created\r\nContent-Length: 0\r\n\r\n";
    }
    return "HTTP/1.1 202 Accepted\r\nLocation: " + location + "\r\nContent-Length: 0\r\n\r\n";
  });
  Registry registry({.address = server.url().substr(7),
                     .is_plain_http = true,
                     .user = "ann",
                     .password = Secret("p")},
                    http);
  std::string digest = digest_of("hello");
  std::string query = "digest=sha256%3A" + digest.substr(7) + " HTTP/1.1";
  struct {
    std::string location, line;
  } cases[] = {{"/up/1?state=a", "PUT /up/1?state=a&" + query},
               {server.url() + "/up/2", "PUT /up/2?" + query},
               {"uuid", "PUT /v2/app/blobs/uploads/uuid?" + query}};
  for (const auto& one : cases) {
    location = one.location;
    auto pushed = registry.push_bytes("app", digest, "hello");
    ASSERT_TRUE(pushed.has_value()) << pushed.error().message;
    EXPECT_TRUE(put_seen.starts_with(one.line)) << put_seen;
    EXPECT_TRUE(put_seen.ends_with("\r\n\r\nhello"));
  }
  location = elsewhere.url() + "/store?x=1";
  ASSERT_TRUE(registry.push_bytes("app", digest, "hello").has_value());
  EXPECT_TRUE(elsewhere_seen.starts_with("PUT /store?x=1&" + query)) << elsewhere_seen;
  EXPECT_EQ(elsewhere_seen.find("Authorization"), std::string::npos);
}

TEST_F(RegistryTest, ALoginIsNeededWhereTheRegistryWantsOne) {
  DockerRegistry server(DockerRegistry::Login::htpasswd);
  RegistryOptions options{.address = server.address(), .is_plain_http = true};
  Error anonymous = Registry(options, http).ping().error();
  EXPECT_EQ(anonymous.code, Code::unauthenticated);
  EXPECT_NE(anonymous.message.find("wants a user and a password"), std::string::npos)
      << anonymous.message;

  options.user = "ann";
  options.password = Secret("wrong");
  Error wrong = Registry(options, http).has_blob("app", digest_of("a")).error();
  EXPECT_EQ(wrong.code, Code::unauthenticated);
  EXPECT_NE(wrong.message.find("the user ann"), std::string::npos) << wrong.message;
  EXPECT_EQ(wrong.message.find("wrong"), std::string::npos) << wrong.message;

  options.password = Secret("open sesame");
  Registry registry(options, http);
  ASSERT_TRUE(registry.ping().has_value());
  Descriptor descriptor = blob("a");
  ASSERT_TRUE(registry.push_blob("app", descriptor, dir / "blob").has_value());
  EXPECT_TRUE(registry.pull_blob("app", descriptor, dir / "back").has_value());
}

TEST_F(RegistryTest, NoRegistryIsAnErrorThatNamesIt) {
  Registry registry({.address = "127.0.0.1:1", .is_plain_http = true}, http);
  Error error = registry.has_blob("app", digest_of("a")).error();
  EXPECT_EQ(error.code, Code::unavailable);
  EXPECT_NE(error.message.find("127.0.0.1:1"), std::string::npos) << error.message;
  EXPECT_NE(error.message.find("app"), std::string::npos) << error.message;
  EXPECT_EQ(registry.ping().error().code, Code::unavailable);
}

}  // namespace
}  // namespace tidegate::oci
