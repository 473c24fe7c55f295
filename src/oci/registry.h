// An OCI registry (distribution-spec 1.1): blobs and manifests by digest.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "base/json.h"
#include "base/secret.h"
#include "fetch/client.h"
#include "os/file.h"

namespace tidegate::oci {

// "host[:port]/path/name[:tag][@sha256:…]"
struct Reference {
  std::string registry;    // "10.0.0.1:5000"
  std::string repository;  // "team/azureml/azureml_1f…"
  std::string tag;         // may be empty
  std::string digest;      // "sha256:…", may be empty
  std::string text() const;
};
Result<Reference> parse_reference(std::string_view text);

struct RegistryOptions {
  std::string address;  // "host[:port][/path]": the path is put before every repository
  bool is_plain_http = false;
  std::string user;  // empty: anonymous
  Secret password;
  std::string ca;  // PEM, instead of the system's; empty: the system's
};

struct Descriptor {
  std::string media_type;
  std::string digest;
  std::uint64_t size = 0;
  std::map<std::string, std::string> annotations;
};

// "host:port/path" -> "host:port": what a login and a mirror are looked up by. A part of
// `address`.
std::string_view host_of(std::string_view address);

// Basic and token authentication (WWW-Authenticate: Bearer) are followed. Thread-safe; calls block.
// Errors name registry, repository and what was refused: unavailable, unauthenticated, forbidden,
// not_found; a digest that does not fit is Code::invalid.
class Registry {
 public:
  // http outlives it.
  Registry(RegistryOptions options, fetch::Client& http);
  ~Registry();

  Result<> ping();
  Result<bool> has_blob(std::string_view repository, std::string_view digest);
  // Nothing is sent if it is there. The file's digest is checked by the registry.
  Result<> push_blob(std::string_view repository, const Descriptor& blob, const os::Path& file);
  Result<> push_bytes(std::string_view repository, std::string_view digest, std::string_view bytes);
  // Into a file that is whole or not there; the digest is checked.
  Result<> pull_blob(std::string_view repository, const Descriptor& blob, const os::Path& file);
  // By tag or digest; nullopt: there is none. `digest` as the registry has it.
  struct Manifest {
    Json json;
    std::string digest;
  };
  Result<std::optional<Manifest>> manifest(std::string_view repository, std::string_view reference);
  // Gives its digest. tag may be empty.
  Result<std::string> push_manifest(std::string_view repository, const Json& manifest,
                                    std::string_view tag);
  // What nodes and build tools call it: "host:port/path/repository".
  std::string name_of(std::string_view repository) const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace tidegate::oci
