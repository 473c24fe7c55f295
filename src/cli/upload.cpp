#include "cli/upload.h"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include "base/ids.h"
#include "os/sha256.h"

namespace tidegate::cli {
namespace {

constexpr std::uint64_t kWorthSaying =
    1'000'000;  // bytes: smaller files are there before they are read of

std::string megabytes(std::uint64_t bytes) {
  return fmt::format("{:.1f} MB", static_cast<double>(bytes) / 1e6);
}

// True: the server has the content and has bound it to the path.
Result<bool> reuse(Api& api, const std::string& uri, const std::string& hash) {
  TIDEGATE_TRY(auto response,
               api.send({.method = "PUT",
                         .url = uri,
                         .headers = {{"x-tidegate-sha256", hash}, {"x-tidegate-reuse", "1"}}}));
  if (response.ok()) return true;
  if (response.status == 409) return false;  // BlobUnknown
  return Api::failure(response, "PUT of known content");
}

Result<> send_file(Api& api, Context& context, const Upload& item, const std::string& uri,
                   const std::string& hash) {
  fetch::Request request{.method = "PUT",
                         .url = uri,
                         .headers = {{"x-ms-blob-type", "BlockBlob"},
                                     {"Content-Type", "application/octet-stream"},
                                     {"x-tidegate-sha256", hash}},
                         .body_file = item.file,
                         .timeout = Milliseconds(0),
                         .stall_timeout = Milliseconds(120'000)};
  request.on_progress = [&](std::uint64_t sent, std::uint64_t total) {
    if (total < kWorthSaying) return;
    context.console.live(fmt::format("uploading {} ({})", item.path, megabytes(total)),
                         fmt::format("{} %", sent * 100 / total));
  };
  TIDEGATE_TRY(auto response, api.send(std::move(request)));
  context.console.end_live();
  if (!response.ok()) return Api::failure(response, "upload of " + item.file.string());
  return {};
}

Result<> upload_one(Api& api, Context& context, const Upload& item, const std::string& uri) {
  TIDEGATE_TRY(std::string hash, os::sha256_hex_of_file(item.file));
  TIDEGATE_TRY(bool known, reuse(api, uri, hash));
  if (known) {
    context.console.debug(fmt::format("{} is on the server already", item.path));
    return {};
  }
  return send_file(api, context, item, uri, hash);
}

}  // namespace

std::string new_container(Context& context) {
  auto seconds = std::chrono::floor<std::chrono::seconds>(context.clock.wall().time_since_epoch());
  std::time_t whole = seconds.count();
  return fmt::format("{:%y%m%dT%H%M%S}-{}", fmt::gmtime(whole), random_hex(context.random, 4));
}

Result<> upload(Api& api, Context& context, const std::string& container,
                const std::vector<Upload>& files) {
  Json paths = Json::array();
  for (const Upload& item : files) paths.push_back({{"path", item.path}});
  TIDEGATE_TRY(Json reply, api.post(artifacts("artifacts/batch/metadata/LocalUpload/" + container),
                                    {{"paths", std::move(paths)}}));
  const Json* places = find_member(reply, "artifactContentInformation");
  for (const Upload& item : files) {
    const Json* place = places == nullptr ? nullptr : find_member(*places, item.path);
    std::string uri = place == nullptr ? "" : text_or(*place, "contentUri", "");
    if (uri.empty()) {
      return fail(Code::internal, fmt::format("the server gave no place for {}", item.path));
    }
    TIDEGATE_TRY_VOID(upload_one(api, context, item, uri));
  }
  return {};
}

Result<std::string> create_asset(Api& api, const std::string& container, const std::string& path) {
  Json artifact{{"prefix", fmt::format("LocalUpload/{}/{}", container, path)}};
  TIDEGATE_TRY(Json asset,
               api.post(management("assets"), {{"name", path}, {"artifacts", {artifact}}}));
  std::string id = text_or(asset, "id", "");
  if (id.empty()) return fail(Code::internal, "the server gave the upload no id");
  return id;
}

Result<Json> send_source(Api& api, Context& context, const Parcel& parcel) {
  std::string container = new_container(context);
  TIDEGATE_TRY_VOID(
      upload(api, context, container, {{.file = parcel.file(), .path = parcel.name()}}));
  TIDEGATE_TRY(std::string id, create_asset(api, container, parcel.name()));
  Json asset{
      {"id", id},
      {"url", "aml://asset/" + id},
      {"mimeType", parcel.is_archive() ? "application/octet-stream" : "application/x-python"},
      {"unpack", parcel.is_archive()}};
  Json assets = Json::array();
  assets.push_back(std::move(asset));
  return assets;
}

}  // namespace tidegate::cli
