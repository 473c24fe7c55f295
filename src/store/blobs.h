// Content by SHA-256: ROOT/ab/<64 hex>, mode 0444, written aside, fsynced, renamed. Same content is
// stored once.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "os/fd.h"
#include "os/file.h"
#include "os/sha256.h"

namespace tidegate::store {

class BlobFolder;

// While it lives, remove_unless_pinned() leaves the blob alone: it bridges the time between "the
// bytes are on disk" and "a row refers to them".
class BlobPin {
 public:
  BlobPin() = default;
  BlobPin(BlobPin&& other) noexcept;
  BlobPin& operator=(BlobPin&& other) noexcept;
  ~BlobPin();

 private:
  friend class BlobFolder;
  BlobPin(BlobFolder& folder, std::string sha256) : folder_(&folder), sha256_(std::move(sha256)) {}
  BlobFolder* folder_ = nullptr;
  std::string sha256_;
};

struct StoredBlob {
  std::string sha256;  // hex
  std::uint64_t size = 0;
  BlobPin pin;
};

// Hashes while bytes come in. Destroyed before finish(), it leaves nothing.
class BlobWriter {
 public:
  ~BlobWriter();
  Result<> append(std::string_view bytes);  // a full disk is Code::exhausted
  Result<StoredBlob> finish();              // call once

 private:
  friend class BlobFolder;
  BlobWriter(BlobFolder& folder, os::Path aside, os::UniqueFd fd);
  BlobFolder& folder_;
  os::Path aside_;
  os::UniqueFd fd_;
  os::Sha256 hash_;
  std::uint64_t size_ = 0;
};

// All methods are safe from any thread.
class BlobFolder {
 public:
  // Creates the folder; removes what an earlier process left half written.
  static Result<std::unique_ptr<BlobFolder>> open(const os::Path& root);

  Result<std::unique_ptr<BlobWriter>> begin();
  os::Path path_of(std::string_view sha256) const;
  // A pin if the content is there. Text that is no SHA-256 is just not there.
  bool contains(std::string_view sha256) const;
  BlobPin pin(const std::string& sha256);
  Result<std::uint64_t> size_of(std::string_view sha256) const;

  // Gone is success; a pinned one stays, which is success too.
  Result<> remove_unless_pinned(const std::string& sha256);
  Result<std::vector<std::string>> list() const;
  const os::Path& root() const { return root_; }
  os::Path temporary_folder() const { return root_ / "tmp"; }

 private:
  friend class BlobPin;
  friend class BlobWriter;
  explicit BlobFolder(os::Path root) : root_(std::move(root)) {}
  void unpin(const std::string& sha256);
  Result<> keep(const os::Path& aside, const std::string& sha256);

  const os::Path root_;
  mutable std::mutex mutex_;
  std::map<std::string, int> pins_;  // guarded by mutex_; counts > 0
};

}  // namespace tidegate::store
