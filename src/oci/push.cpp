#include <filesystem>

#include <fmt/format.h>

#include "oci/artifact.h"
#include "oci/layers.h"
#include "os/sha256.h"

namespace tidegate::oci {
namespace {

Result<Layer> layer_of(const Piece& piece) {
  std::error_code error;
  auto size = std::filesystem::file_size(piece.file, error);
  if (error) return fail_errno(fmt::format("cannot read {}", piece.file.string()), error.value());
  return Layer{.blob = {.media_type = std::string(piece.is_tar ? kTarLayer : kFileLayer),
                        .digest = "sha256:" + piece.sha256,
                        .size = size},
               .target = piece.target,
               .is_tar = piece.is_tar,
               .executable = piece.executable};
}

std::string name_of(const Layer& layer) {
  std::string target = layer.target.empty() ? "the source" : layer.target;
  return fmt::format("{} ({:.1f} MB)", target, static_cast<double>(layer.blob.size) / 1e6);
}

}  // namespace

Result<std::string> push_artifact(Registry& registry, std::string_view repository,
                                  const std::vector<Piece>& pieces, const LineSink& on_line) {
  std::vector<Layer> layers;
  for (const Piece& piece : pieces) {
    TIDEGATE_TRY(Layer layer, layer_of(piece));
    layers.push_back(std::move(layer));
  }
  TIDEGATE_TRY_VOID(check_layers(layers));
  for (std::size_t i = 0; i < layers.size(); ++i) {
    const Layer& layer = layers[i];
    TIDEGATE_TRY(bool is_there, registry.has_blob(repository, layer.blob.digest));
    if (!is_there) {
      TIDEGATE_TRY_VOID(registry.push_blob(repository, layer.blob, pieces[i].file));
    }
    on_line(fmt::format("{}: {}", name_of(layer), is_there ? "there already" : "sent"));
  }
  TIDEGATE_TRY_VOID(registry.push_bytes(repository, kEmptyConfigDigest, kEmptyConfig));
  Json manifest = manifest_of(std::move(layers));
  // Garbage collectors take manifests without a tag, so each has one of its own. ("sha256-..." is
  // taken: the distribution spec keeps it for referrers.)
  std::string tag = "app-" + os::sha256_hex(to_text(manifest));
  return registry.push_manifest(repository, manifest, tag);
}

}  // namespace tidegate::oci
