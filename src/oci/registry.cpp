#include "oci/registry.h"

#include <limits>
#include <mutex>

#include <fmt/format.h>

#include "oci/auth.h"
#include "oci/blob_file.h"
#include "oci/names.h"
#include "os/sha256.h"

namespace tidegate::oci {
namespace {

using fetch::Request;
using fetch::Response;

// What registries accept at least, and most accept at most (distribution-spec, "Pushing
// Manifests").
constexpr std::uint64_t kManifestBytesMax = 4ULL << 20;
// A registry says nothing while it hashes or moves a blob of many gigabytes at its end.
constexpr Milliseconds kStallTimeout{300'000};
// Places that are remembered for mounting: a few MB of memory.
constexpr std::size_t kPlacesMax = 20'000;

constexpr std::string_view kManifestTypes =
    "application/vnd.oci.image.manifest.v1+json, application/vnd.oci.image.index.v1+json, "
    "application/vnd.docker.distribution.manifest.v2+json, "
    "application/vnd.docker.distribution.manifest.list.v2+json";

std::string origin_of(std::string_view url) {
  auto begin = url.find("://");
  if (begin == std::string_view::npos) return "";
  return std::string(url.substr(0, url.find_first_of("/?#", begin + 3)));
}

// {"errors": [{"code": "DENIED", "message": "..."}]} -> "DENIED: ...".
std::string reason_in(const Response& response) {
  auto json = parse_json(response.body, "");
  const Json* errors = json ? find_member(*json, "errors") : nullptr;
  if (errors == nullptr || !errors->is_array() || errors->empty()) return "";
  return fmt::format(" ({}: {})", text_or((*errors)[0], "code", "?"),
                     text_or((*errors)[0], "message", "?"));
}

Code code_of(int status) {
  switch (status) {
    case 401:
      return Code::unauthenticated;
    case 403:
      return Code::forbidden;
    case 404:
      return Code::not_found;
    case 413:
      return Code::exhausted;
    case 429:
      return Code::unavailable;
    default:
      return status >= 500 ? Code::unavailable : Code::invalid;
  }
}

std::string next_step(int status, const std::string& user) {
  if (status == 401 && user.empty()) return "; it wants a user and a password";
  if (status == 401) return fmt::format("; it does not take the password of the user {}", user);
  if (status == 403) {
    return fmt::format("; give {} the right to it",
                       user.empty() ? "anonymous callers" : "the user " + user);
  }
  if (status == 405) return "; the registry may be read-only";
  return status >= 500 ? "; see the registry's log" : "";
}

std::string digest_of(std::string_view bytes) {
  return "sha256:" + os::sha256_hex(bytes);
}

enum class Access { pull, push };

}  // namespace

struct Registry::Impl {
  const RegistryOptions options;
  const std::string host;
  const std::string prefix;  // "path/" or ""
  const std::string origin;
  fetch::Client& http;
  Auth auth;
  std::mutex mutex;
  std::map<std::string, std::string> places;  // digest to a repository that has it; by `mutex`

  Impl(RegistryOptions given, fetch::Client& client)
      : options(std::move(given)),
        host(host_of(options.address)),
        prefix(host.size() + 1 < options.address.size()
                   ? options.address.substr(host.size() + 1) + "/"
                   : ""),
        origin((options.is_plain_http ? "http://" : "https://") + host),
        http(client),
        auth(origin, options.user, options.password,
             [this](Request request) { return send(std::move(request)); }) {}

  std::string full_name(std::string_view repository) const {
    return prefix + std::string(repository);
  }
  std::string url(std::string_view repository, std::string_view rest) const {
    return fmt::format("{}/v2/{}/{}", origin, full_name(repository), rest);
  }
  std::string scope(std::string_view repository, Access access) const {
    return fmt::format("repository:{}:{}", full_name(repository),
                       access == Access::pull ? "pull" : "pull,push");
  }

  Result<Response> send(Request request) {
    request.tls.ca = options.ca;
    return http.send(request);
  }

  // Asks again once when the registry wants to know who we are. Elsewhere than at the registry (an
  // upload may be sent on to a store) we are nobody.
  Result<Response> call(const Request& request, const std::string& scope) {
    bool is_ours = origin_of(request.url) == origin;
    for (bool is_second : {false, true}) {
      Request authorized = request;
      auto header = is_ours ? auth.header_for(scope) : std::nullopt;
      if (header) authorized.headers.emplace_back("Authorization", *header);
      TIDEGATE_TRY(Response response, send(std::move(authorized)));
      if (response.status != 401 || !is_ours || is_second) return response;
      TIDEGATE_TRY(bool is_new, auth.answer(response, scope, header));
      if (!is_new) return response;
    }
    return fail(Code::internal, "unreachable");
  }

  std::string where(std::string_view repository, std::string_view what) const {
    return fmt::format("registry {}, repository {}: {}", host, full_name(repository), what);
  }
  std::unexpected<Error> refused(const Response& response, std::string_view place) const {
    return fail(code_of(response.status),
                fmt::format("{}: the registry answered {}{}{}", place, response.status,
                            reason_in(response), next_step(response.status, options.user)));
  }

  void remember(std::string_view repository, std::string_view digest) {
    std::lock_guard hold(mutex);
    if (places.size() >= kPlacesMax) places.clear();
    places.insert_or_assign(std::string(digest), std::string(repository));
  }
  std::string known_place(std::string_view digest) {
    std::lock_guard hold(mutex);
    auto place = places.find(std::string(digest));
    return place == places.end() ? "" : place->second;
  }

  // RFC 3986 as far as registries use it: whole, or from the host's root.
  std::string resolve(const std::string& location, const std::string& from) const {
    if (location.find("://") != std::string::npos) return location;
    if (location.starts_with('/')) return origin_of(from) + location;
    return from.substr(0, from.find('?')) + location;
  }

  // Where to send the blob; nullopt: the registry took it over from a repository that has it.
  Result<std::optional<std::string>> begin_upload(std::string_view repository,
                                                  std::string_view digest, std::string_view place) {
    Request request{.method = "POST", .url = url(repository, "blobs/uploads/")};
    std::string scopes = scope(repository, Access::push);
    std::string from = known_place(digest);
    if (!from.empty() && from != repository) {
      request.url +=
          fmt::format("?mount={}&from={}", fetch::escaped(digest), fetch::escaped(full_name(from)));
      scopes += " " + scope(from, Access::pull);
    }
    auto response = call(request, scopes);
    if (!response) return fail_at(place, response.error());
    if (response->status == 201) return std::nullopt;
    if (response->status != 202) return refused(*response, place);
    auto location = response->header("Location");
    if (!location || location->empty()) {
      return fail(Code::invalid,
                  fmt::format("{}: the registry does not say where to send it", place));
    }
    std::string target = resolve(*location, request.url);
    target += target.find('?') == std::string::npos ? "?digest=" : "&digest=";
    return target + fetch::escaped(digest);
  }

  // upload: its body only.
  Result<> push(std::string_view repository, std::string_view digest, Request upload) {
    std::string place = where(repository, fmt::format("pushing {}", digest));
    TIDEGATE_TRY(auto target, begin_upload(repository, digest, place));
    if (target) {
      upload.method = "PUT";
      upload.url = *target;
      upload.headers = {{"Content-Type", "application/octet-stream"}};
      upload.timeout = Milliseconds(0);
      upload.stall_timeout = kStallTimeout;
      auto response = call(upload, scope(repository, Access::push));
      if (!response) return fail_at(place, response.error());
      if (response->status != 201) return refused(*response, place);
    }
    remember(repository, digest);
    return {};
  }

  Result<> download(std::string_view repository, const Descriptor& blob, const os::Path& file) {
    BlobFile out(file);
    TIDEGATE_TRY_VOID(out.open());
    Request request{
        .url = url(repository, "blobs/" + blob.digest),
        .timeout = Milliseconds(0),
        .stall_timeout = kStallTimeout,
        .response_max_bytes = std::numeric_limits<std::uint64_t>::max(),  // `out` counts
        .on_body = [&](std::string_view bytes) { return out.append(bytes, blob); }};
    auto response = call(request, scope(repository, Access::pull));
    if (out.problem()) return std::unexpected(*out.problem());
    if (!response) return std::unexpected(response.error());
    if (!response->ok()) return refused(*response, blob.digest);
    return out.finish(blob);
  }
};

std::string_view host_of(std::string_view address) {
  return address.substr(0, address.find('/'));
}

Registry::Registry(RegistryOptions options, fetch::Client& http)
    : impl_(std::make_unique<Impl>(std::move(options), http)) {}
Registry::~Registry() = default;

Result<> Registry::ping() {
  std::string place = fmt::format("registry {}", impl_->host);
  auto response = impl_->call({.url = impl_->origin + "/v2/"}, "");
  if (!response) return fail_at(place, response.error());
  if (response->ok()) return {};
  return impl_->refused(*response, place);
}

Result<bool> Registry::has_blob(std::string_view repository, std::string_view digest) {
  std::string place = impl_->where(repository, fmt::format("asking for {}", digest));
  auto response = impl_->call(
      {.method = "HEAD", .url = impl_->url(repository, fmt::format("blobs/{}", digest))},
      impl_->scope(repository, Access::pull));
  if (!response) return fail_at(place, response.error());
  if (response->status == 404) return false;
  if (!response->ok()) return impl_->refused(*response, place);
  impl_->remember(repository, digest);
  return true;
}

Result<> Registry::push_blob(std::string_view repository, const Descriptor& blob,
                             const os::Path& file) {
  TIDEGATE_TRY(bool is_there, has_blob(repository, blob.digest));
  if (is_there) return {};
  return impl_->push(repository, blob.digest, {.body_file = file});
}

Result<> Registry::push_bytes(std::string_view repository, std::string_view digest,
                              std::string_view bytes) {
  TIDEGATE_TRY(bool is_there, has_blob(repository, digest));
  if (is_there) return {};
  return impl_->push(repository, digest, {.body = std::string(bytes)});
}

Result<> Registry::pull_blob(std::string_view repository, const Descriptor& blob,
                             const os::Path& file) {
  std::string place =
      impl_->where(repository, fmt::format("pulling {} into {}", blob.digest, file.string()));
  Result<> done = impl_->download(repository, blob, file);
  if (!done) return fail_at(place, done.error());
  return done;
}

Result<std::optional<Registry::Manifest>> Registry::manifest(std::string_view repository,
                                                             std::string_view reference) {
  std::string place = impl_->where(repository, fmt::format("manifest {}", reference));
  auto response =
      impl_->call({.url = impl_->url(repository, fmt::format("manifests/{}", reference)),
                   .headers = {{"Accept", std::string(kManifestTypes)}},
                   .response_max_bytes = kManifestBytesMax},
                  impl_->scope(repository, Access::pull));
  if (!response) return fail_at(place, response.error());
  if (response->status == 404) return std::nullopt;
  if (!response->ok()) return impl_->refused(*response, place);
  std::string actual = digest_of(response->body);
  std::string promised = is_digest(reference)
                             ? std::string(reference)
                             : response->header("Docker-Content-Digest").value_or(actual);
  if (promised != actual) {
    return fail(Code::invalid, fmt::format("{}: what came has the digest {}, promised was {}; the "
                                           "registry's store is damaged, push again",
                                           place, actual, promised));
  }
  TIDEGATE_TRY(Json json, parse_json(response->body, place));
  return Manifest{std::move(json), std::move(actual)};
}

Result<std::string> Registry::push_manifest(std::string_view repository, const Json& manifest,
                                            std::string_view tag) {
  std::string bytes = to_text(manifest);
  std::string digest = digest_of(bytes);
  std::string place = impl_->where(repository, fmt::format("pushing the manifest {}", digest));
  std::string reference = tag.empty() ? digest : std::string(tag);
  Request request{
      .method = "PUT",
      .url = impl_->url(repository, "manifests/" + reference),
      .headers = {{"Content-Type",
                   text_or(manifest, "mediaType", "application/vnd.oci.image.manifest.v1+json")}},
      .body = std::move(bytes)};
  auto response = impl_->call(request, impl_->scope(repository, Access::push));
  if (!response) return fail_at(place, response.error());
  if (response->status != 201) return impl_->refused(*response, place);
  if (auto stored = response->header("Docker-Content-Digest"); stored && *stored != digest) {
    return fail(Code::invalid, fmt::format("{}: the registry changed it to {}, so that nobody "
                                           "could find it by its digest",
                                           place, *stored));
  }
  return digest;
}

std::string Registry::name_of(std::string_view repository) const {
  return fmt::format("{}/{}", impl_->options.address, repository);
}

}  // namespace tidegate::oci
