#include "oci/layers.h"

#include <algorithm>
#include <set>
#include <tuple>

#include <fmt/format.h>

#include "oci/artifact.h"
#include "oci/names.h"

namespace tidegate::oci {
namespace {

constexpr std::string_view kManifestType = "application/vnd.oci.image.manifest.v1+json";
constexpr std::string_view kConfigType = "application/vnd.oci.empty.v1+json";
constexpr std::string_view kTitle = "org.opencontainers.image.title";
constexpr std::string_view kExecutable = "io.tidegate.executable";
// Linux: PATH_MAX is 4096, with the root before it.
constexpr std::size_t kTargetBytesMax = 3000;
constexpr std::size_t kNameBytesMax = 255;

std::string why_no_target(std::string_view target) {
  if (target.size() > kTargetBytesMax) return "is too long";
  if (target.find('\0') != std::string_view::npos) return "holds a zero byte";
  if (target.starts_with('/')) return "is absolute";
  bool is_first = true;
  for (;;) {
    auto slash = target.find('/');
    std::string_view part = target.substr(0, slash);
    if (part == "..") return "leads out of the app's folder";
    if (part.empty() || part == ".") return "has an empty part or a dot";
    if (part.size() > kNameBytesMax) return "has a part that is too long";
    if (is_first && part == kStageName) return "is kept for tidegate";
    if (slash == std::string_view::npos) return "";
    target.remove_prefix(slash + 1);
    is_first = false;
  }
}

std::unexpected<Error> refuse(std::string_view target, std::string_view why) {
  return fail(Code::invalid, fmt::format("the artifact's target \"{}\" {}", target, why));
}

Result<> check_places(const std::vector<Layer>& layers) {
  std::set<std::string> files;
  for (const Layer& layer : layers) {
    if (!layer.is_tar && !files.insert(layer.target).second)
      return refuse(layer.target, "comes twice");
  }
  for (const Layer& layer : layers) {
    for (const std::string& folder : folders_of(layer.target)) {
      if (files.contains(folder))
        return refuse(layer.target, fmt::format("lies below the file \"{}\"", folder));
    }
    if (layer.is_tar && files.contains(layer.target)) return refuse(layer.target, "comes twice");
  }
  return {};
}

Json json_of(const Layer& layer) {
  Json json = {{"mediaType", layer.is_tar ? kTarLayer : kFileLayer},
               {"digest", layer.blob.digest},
               {"size", layer.blob.size}};
  Json notes = Json::object();
  if (!layer.target.empty()) notes[std::string(kTitle)] = layer.target;
  if (layer.executable) notes[std::string(kExecutable)] = "true";
  if (!notes.empty()) json["annotations"] = std::move(notes);
  return json;
}

Result<Layer> layer_of(const Json& json) {
  Layer layer;
  layer.blob.media_type = text_or(json, "mediaType", "");
  layer.blob.digest = text_or(json, "digest", "");
  const Json* size = find_member(json, "size");
  if (!is_digest(layer.blob.digest) || size == nullptr || !size->is_number_unsigned()) {
    return fail(Code::invalid, fmt::format("the artifact's layer \"{}\" has no sha256 digest or no "
                                           "size",
                                           layer.blob.digest));
  }
  layer.blob.size = size->get<std::uint64_t>();
  layer.is_tar = layer.blob.media_type == kTarLayer;
  if (!layer.is_tar && layer.blob.media_type != kFileLayer) {
    return fail(Code::invalid,
                fmt::format("the artifact's layer {} is of the type \"{}\", which this version of "
                            "tidegate does not know; deploy with the version that runs here",
                            layer.blob.digest, layer.blob.media_type));
  }
  if (const Json* notes = find_member(json, "annotations")) {
    layer.target = text_or(*notes, kTitle, "");
    layer.executable = text_or(*notes, kExecutable, "") == "true";
  }
  return layer;
}

}  // namespace

std::vector<std::string> folders_of(std::string_view target) {
  std::vector<std::string> folders;
  for (auto slash = target.find('/'); slash != std::string_view::npos;
       slash = target.find('/', slash + 1)) {
    folders.emplace_back(target.substr(0, slash));
  }
  return folders;
}

Result<> check_layers(const std::vector<Layer>& layers) {
  if (layers.empty()) return fail(Code::invalid, "an artifact needs at least one file");
  if (layers.size() > kLayersMax) {
    return fail(Code::exhausted,
                fmt::format("an artifact of {} files is too much for a registry, {} can be; put "
                            "files together into a tar.gz",
                            layers.size(), kLayersMax));
  }
  std::uint64_t bytes = 0;
  for (const Layer& layer : layers) {
    bool is_root = layer.is_tar && layer.target.empty();
    if (std::string why = is_root ? "" : why_no_target(layer.target); !why.empty())
      return refuse(layer.target, why);
    if (layer.blob.size > kBytesMax - bytes) {
      return fail(Code::exhausted,
                  fmt::format("the artifact is larger than {} GB, with \"{}\"; make its models "
                              "smaller",
                              kBytesMax >> 30, layer.target));
    }
    bytes += layer.blob.size;
  }
  return check_places(layers);
}

Json manifest_of(std::vector<Layer> layers) {
  std::ranges::sort(layers, {}, [](const Layer& layer) {
    return std::tie(layer.target, layer.is_tar, layer.blob.digest);
  });
  Json list = Json::array();
  for (const Layer& layer : layers) list.push_back(json_of(layer));
  return {
      {"schemaVersion", 2},
      {"mediaType", kManifestType},
      {"artifactType", kArtifactType},
      {"config",
       {{"mediaType", kConfigType}, {"digest", kEmptyConfigDigest}, {"size", kEmptyConfig.size()}}},
      {"layers", std::move(list)}};
}

Result<std::vector<Layer>> layers_of(const Json& manifest) {
  std::string type = text_or(manifest, "artifactType", "");
  const Json* list = find_member(manifest, "layers");
  if (type != kArtifactType || list == nullptr || !list->is_array()) {
    return fail(Code::invalid, fmt::format("this is no app of tidegate: the manifest's type is "
                                           "\"{}\", not \"{}\"",
                                           type, kArtifactType));
  }
  std::vector<Layer> layers;
  for (const Json& json : *list) {
    TIDEGATE_TRY(Layer layer, layer_of(json));
    layers.push_back(std::move(layer));
  }
  TIDEGATE_TRY_VOID(check_layers(layers));
  return layers;
}

}  // namespace tidegate::oci
