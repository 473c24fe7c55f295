// Models and source as one OCI artifact: a manifest by digest, a layer for each file. What is
// stored already is not sent again, across services, versions and workspaces.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "oci/registry.h"
#include "os/file.h"

namespace tidegate::oci {

inline constexpr std::string_view kArtifactType = "application/vnd.tidegate.app.v1";
inline constexpr std::string_view kFileLayer = "application/vnd.tidegate.file.v1";
inline constexpr std::string_view kTarLayer = "application/vnd.tidegate.tree.v1.tar+gzip";

// One piece of an app folder: a file that is put to `target`, or a tar.gz that is unpacked there.
struct Piece {
  os::Path file;
  std::string sha256;  // hex, of the file
  std::string target;  // relative to the app root; empty (tar only): the root itself
  bool is_tar = false;
  bool executable = false;
};

// Pushes all pieces, then the manifest: half a push is never found. Gives the manifest's digest;
// the same pieces give the same digest. on_line: what was sent and what was there.
using LineSink = std::function<void(std::string_view)>;
Result<std::string> push_artifact(Registry& registry, std::string_view repository,
                                  const std::vector<Piece>& pieces, const LineSink& on_line);

struct PullOptions {
  std::string repository;
  std::string digest;  // of the manifest
  os::Path into;       // made; the app root
  os::Path cache;      // blobs by digest, shared by the pods of a node; empty: none
  // Afterwards the cache has at most this, and this app's blobs at least: what was used last stays.
  std::uint64_t cache_max_bytes = 20ULL << 30;
};
// Fetches, verifies, unpacks: models read-only, in the layout of spec scoring-runtime.md 2. Safe to
// run again after a kill; several at once may share a cache.
Result<> pull_artifact(Registry& registry, const PullOptions& options, const LineSink& on_line);

}  // namespace tidegate::oci
