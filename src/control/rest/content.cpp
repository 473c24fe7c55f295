// The content of artifacts: a small blob store, in the platform's words.
#include <fcntl.h>
#include <unistd.h>

#include <memory>

#include <fmt/format.h>

#include "control/operation_notes.h"
#include "control/rest/content_path.h"
#include "control/rest/http_date.h"
#include "control/rest/route.h"
#include "store/assets.h"
#include "store/sweep.h"

namespace tidegate::control {
namespace {

constexpr std::size_t kPiece = 256UL << 10;
constexpr std::size_t kUnsentMax = 1UL << 20;

NamedValues headers_of(const store::Artifact& artifact) {
  return {{"ETag", "\"" + artifact.sha256 + "\""},
          {"Last-Modified", http_date(artifact.created)},
          {"x-ms-blob-type", "BlockBlob"},
          {"x-tidegate-sha256", artifact.sha256}};
}

// On a worker: hashes what was received and puts it where it stays.
Result<store::StoredBlob> keep(store::BlobFolder& blobs, const http::Body& body) {
  TIDEGATE_TRY(auto writer, blobs.begin());
  if (body.in_memory()) {
    TIDEGATE_TRY_VOID(writer->append(body.memory()));
    return writer->finish();
  }
  std::string buffer(kPiece, '\0');
  for (std::uint64_t at = 0; at < body.size();) {
    TIDEGATE_TRY(std::size_t n, body.file().read_at(at, buffer.data(), buffer.size()));
    if (n == 0) return fail(Code::internal, "the received file ended early");
    TIDEGATE_TRY_VOID(writer->append(std::string_view(buffer).substr(0, n)));
    at += n;
  }
  return writer->finish();
}

void bind_path(Context& context, const Request& request, Responder& responder, std::string sha256,
               std::uint64_t size) {
  store::Artifact artifact{request.param("container"), request.param("path"), std::move(sha256),
                           size, context.clock.wall()};
  if (auto done = store::put_artifact(*context.store.db, artifact); !done) {
    return responder.fail(done.error());
  }
  responder.send_empty(201, headers_of(artifact));
}

// The same content sent once: the client names its hash first.
void bind_known(Context& context, const Request& request, Responder& responder) {
  std::string sha256 = request.header("x-tidegate-sha256").value_or("");
  auto size = context.store.blobs->size_of(sha256);
  if (!size) {
    return responder.fail(ErrorBody{"BlobUnknown", 409, size.error().message, {}});
  }
  bind_path(context, request, responder, sha256, *size);
}

// What was received for nothing goes.
void refuse_mixed_up(Context& context, store::StoredBlob& blob, const std::string& claimed,
                     Responder& responder) {
  blob.pin = {};
  log_failure("drop_upload",
              store::sweep_blobs(*context.store.db, *context.store.blobs, {blob.sha256}));
  responder.fail(Error{Code::invalid,
                       fmt::format("the content has SHA-256 {}, not {}", blob.sha256, claimed)});
}

void put_content(Context& context, Request request, Responder responder) {
  if (!is_content_path(request.param("path"))) {
    return responder.fail(Error{Code::invalid, "the path must be relative, without \"..\""});
  }
  if (request.header("x-tidegate-reuse").value_or("") == "1") {
    return bind_known(context, request, responder);
  }
  auto body = std::make_unique<http::Body>(std::move(request.body));
  bool started = context.pool.start(
      [&blobs = *context.store.blobs, body = std::move(body)] { return keep(blobs, *body); },
      [&context, request = std::move(request), responder](Result<store::StoredBlob> blob) mutable {
        if (!blob && blob.error().code == Code::exhausted) {
          return responder.fail(ErrorBody{"InsufficientStorage", 507, blob.error().message, {}});
        }
        if (!blob) return responder.fail(blob.error());
        std::string claimed = request.header("x-tidegate-sha256").value_or(blob->sha256);
        if (claimed != blob->sha256) return refuse_mixed_up(context, *blob, claimed, responder);
        bind_path(context, request, responder, blob->sha256, blob->size);
      });
  if (!started) responder.fail(Error{Code::unavailable, "too much is going on; try again"});
}

// Sends a file in pieces, as fast as the client takes them.
struct Download {
  Responder responder;
  os::UniqueFd fd;
  std::uint64_t left;
  std::string buffer = std::string(kPiece, '\0');
};

void pump(std::unique_ptr<Download> download) {
  http::ServerCall* call = download->responder.call();
  if (call == nullptr) return;
  while (download->left > 0) {
    ssize_t n = ::read(download->fd.get(), download->buffer.data(), download->buffer.size());
    if (n <= 0) {
      download->responder.close();
      return call->abort();
    }
    download->left -= static_cast<std::uint64_t>(n);
    std::size_t unsent = call->write({download->buffer.data(), static_cast<std::size_t>(n)});
    if (unsent < kUnsentMax) continue;
    call->on_drained(kUnsentMax / 2,
                     [download = std::move(download)]() mutable { pump(std::move(download)); });
    return;
  }
  download->responder.close();
  call->end_reply();
}

void get_content(Context& context, Request request, Responder responder) {
  auto found =
      store::find_artifact(*context.store.db, request.param("container"), request.param("path"));
  if (!found) return responder.fail(found.error());
  if (!*found) {
    return responder.fail(
        ErrorBody{"BlobNotFound", 404, fmt::format("there is no {}", request.path), {}});
  }
  const store::Artifact& artifact = **found;
  os::UniqueFd fd(
      ::open(context.store.blobs->path_of(artifact.sha256).c_str(), O_RDONLY | O_CLOEXEC));
  if (!fd) return responder.fail(Error{Code::internal, "the content is missing on the disk"});
  http::ServerCall* call = responder.call();
  if (call == nullptr) return;
  http::Reply head;
  head.headers = responder.headers_with(headers_of(artifact));
  head.headers.emplace_back("Content-Type", "application/octet-stream");
  call->begin_reply(head, artifact.size);
  if (request.method == "HEAD") {
    responder.close();
    return call->end_reply();
  }
  pump(std::make_unique<Download>(Download{responder, std::move(fd), artifact.size}));
}

constexpr std::string_view kPattern = "/content/LocalUpload/{container}/{path...}";

constexpr Route kRoutes[] = {
    {"PUT", kPattern, put_content, BodyKind::file, Access::signed_uri},
    {"GET", kPattern, get_content, BodyKind::none, Access::signed_uri},
    {"HEAD", kPattern, get_content, BodyKind::none, Access::signed_uri},
};

}  // namespace

std::span<const Route> content_routes() {
  return kRoutes;
}

}  // namespace tidegate::control
