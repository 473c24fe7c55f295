#include "backend/kubernetes/pieces.h"

#include "os/sha256.h"

namespace tidegate::backend::kubernetes {
namespace {

Result<std::string> sha256_of(const os::Path& file) {
  std::string name = file.filename().string();
  if (os::is_sha256_hex(name)) return name;
  return os::sha256_hex_of_file(file);
}

}  // namespace

Result<std::vector<oci::Piece>> pieces_of(const VersionPlan& plan) {
  std::vector<oci::Piece> out;
  for (const FileSource& file : plan.model_files) {
    TIDEGATE_TRY(std::string sha256, sha256_of(file.source));
    out.push_back({.file = file.source,
                   .sha256 = std::move(sha256),
                   .target = file.target,
                   .executable = file.executable});
  }
  if (!plan.source_archive.empty()) {
    TIDEGATE_TRY(std::string sha256, sha256_of(plan.source_archive));
    out.push_back({.file = plan.source_archive, .sha256 = std::move(sha256), .is_tar = true});
  }
  return out;
}

}  // namespace tidegate::backend::kubernetes
