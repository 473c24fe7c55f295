#include "store/blobs.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fmt/format.h>

namespace tidegate::store {
namespace {

namespace fs = std::filesystem;

}  // namespace

BlobPin::BlobPin(BlobPin&& other) noexcept
    : folder_(std::exchange(other.folder_, nullptr)), sha256_(std::move(other.sha256_)) {}

BlobPin& BlobPin::operator=(BlobPin&& other) noexcept {
  if (this == &other) return *this;
  if (folder_ != nullptr) folder_->unpin(sha256_);
  folder_ = std::exchange(other.folder_, nullptr);
  sha256_ = std::move(other.sha256_);
  return *this;
}

BlobPin::~BlobPin() {
  if (folder_ != nullptr) folder_->unpin(sha256_);
}

BlobWriter::BlobWriter(BlobFolder& folder, os::Path aside, os::UniqueFd fd)
    : folder_(folder), aside_(std::move(aside)), fd_(std::move(fd)) {}

BlobWriter::~BlobWriter() {
  if (!aside_.empty()) ::unlink(aside_.c_str());
}

Result<> BlobWriter::append(std::string_view bytes) {
  hash_.update(bytes);
  size_ += bytes.size();
  while (!bytes.empty()) {
    ssize_t n = ::write(fd_.get(), bytes.data(), bytes.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return fail_errno(fmt::format("cannot write in {}", folder_.root_.string()));
    bytes.remove_prefix(static_cast<std::size_t>(n));
  }
  return {};
}

Result<StoredBlob> BlobWriter::finish() {
  if (::fchmod(fd_.get(), 0444) != 0 || ::fsync(fd_.get()) != 0) {
    return fail_errno(fmt::format("cannot write in {}", folder_.root_.string()));
  }
  StoredBlob blob{hash_.hex_digest(), size_, {}};
  blob.pin = folder_.pin(blob.sha256);  // before it becomes visible to a sweep
  TIDEGATE_TRY_VOID(folder_.keep(aside_, blob.sha256));
  aside_.clear();
  return blob;
}

Result<std::unique_ptr<BlobFolder>> BlobFolder::open(const os::Path& root) {
  auto folder = std::unique_ptr<BlobFolder>(new BlobFolder(root));
  TIDEGATE_TRY_VOID(os::make_directories(root, 0700));
  TIDEGATE_TRY_VOID(os::remove_tree(folder->temporary_folder()));
  TIDEGATE_TRY_VOID(os::make_directories(folder->temporary_folder(), 0700));
  return folder;
}

Result<std::unique_ptr<BlobWriter>> BlobFolder::begin() {
  std::string name = (temporary_folder() / "blob-XXXXXX").string();
  os::UniqueFd fd(::mkostemp(name.data(), O_CLOEXEC));
  if (!fd) return fail_errno(fmt::format("cannot create a file in {}", root_.string()));
  return std::unique_ptr<BlobWriter>(new BlobWriter(*this, os::Path(name), std::move(fd)));
}

os::Path BlobFolder::path_of(std::string_view sha256) const {
  return root_ / std::string(sha256.substr(0, 2)) / std::string(sha256);
}

bool BlobFolder::contains(std::string_view sha256) const {
  return os::is_sha256_hex(sha256) && ::access(path_of(sha256).c_str(), F_OK) == 0;
}

BlobPin BlobFolder::pin(const std::string& sha256) {
  std::lock_guard hold(mutex_);
  ++pins_[sha256];
  return BlobPin(*this, sha256);
}

void BlobFolder::unpin(const std::string& sha256) {
  std::lock_guard hold(mutex_);
  auto found = pins_.find(sha256);
  if (--found->second == 0) pins_.erase(found);
}

Result<std::uint64_t> BlobFolder::size_of(std::string_view sha256) const {
  struct stat info{};
  if (!os::is_sha256_hex(sha256) || ::stat(path_of(sha256).c_str(), &info) != 0) {
    return fail(Code::not_found, fmt::format("no content with SHA-256 {}", sha256));
  }
  return static_cast<std::uint64_t>(info.st_size);
}

Result<> BlobFolder::keep(const os::Path& aside, const std::string& sha256) {
  os::Path target = path_of(sha256);
  if (::access(target.c_str(), F_OK) == 0) {
    ::unlink(aside.c_str());  // same content, kept once
    return {};
  }
  if (::mkdir(target.parent_path().c_str(), 0700) == 0) {
    TIDEGATE_TRY_VOID(os::fsync_path(root_));
  }
  return os::rename_durable(aside, target);
}

Result<> BlobFolder::remove_unless_pinned(const std::string& sha256) {
  std::lock_guard hold(mutex_);
  if (pins_.contains(sha256) || !os::is_sha256_hex(sha256)) return {};
  os::Path path = path_of(sha256);
  if (::unlink(path.c_str()) != 0 && errno != ENOENT) {
    return fail_errno(fmt::format("cannot remove {}", path.string()));
  }
  ::rmdir(path.parent_path().c_str());  // goes only if it is empty
  return {};
}

Result<std::vector<std::string>> BlobFolder::list() const {
  std::vector<std::string> found;
  std::error_code error;
  for (fs::recursive_directory_iterator at(root_, error), end; !error && at != end;
       at.increment(error)) {
    const std::string name = at->path().filename().string();
    if (os::is_sha256_hex(name)) found.push_back(name);
  }
  if (error) return fail_errno(fmt::format("cannot list {}", root_.string()), error.value());
  return found;
}

}  // namespace tidegate::store
