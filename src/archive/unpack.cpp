#include "archive/unpack.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <optional>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "archive/handle.h"
#include "os/fd.h"

namespace tidegate::archive {
namespace {

namespace fs = std::filesystem;
using os::Path;
using os::UniqueFd;

std::string text_or_empty(const char* utf8, const char* bytes) {
  return utf8 != nullptr ? utf8 : bytes != nullptr ? bytes : "";
}

// "./a//b/" -> {"a", "b"}; nothing for a path that is absolute or has "..".
std::optional<std::vector<std::string>> safe_parts(std::string_view path) {
  if (path.starts_with('/')) return std::nullopt;
  std::vector<std::string> parts;
  while (!path.empty()) {
    auto slash = path.find('/');
    std::string_view part = path.substr(0, slash);
    if (part == "..") return std::nullopt;
    if (!part.empty() && part != ".") parts.emplace_back(part);
    path = slash == std::string_view::npos ? std::string_view() : path.substr(slash + 1);
  }
  return parts;
}

// Whether a link in the folder `depth` levels below the root stays below the root, by its text.
bool link_stays(std::string_view target, std::size_t depth) {
  if (target.empty() || target.starts_with('/')) return false;
  auto level = static_cast<long>(depth);
  while (!target.empty()) {
    auto slash = target.find('/');
    std::string_view part = target.substr(0, slash);
    if (part == "..") --level;
    if (part != ".." && part != "." && !part.empty()) ++level;
    if (level < 0) return false;
    target = slash == std::string_view::npos ? std::string_view() : target.substr(slash + 1);
  }
  return true;
}

class Unpacker {
 public:
  Unpacker(const Path& file, const Path& folder, const UnpackLimits& limits)
      : file_(file), folder_(folder), limits_(limits) {}

  Result<> run() {
    TIDEGATE_TRY_VOID(open());
    archive_entry* entry = nullptr;
    for (;;) {
      int status = archive_read_next_header(reader_.get(), &entry);
      if (status == ARCHIVE_EOF) break;
      // A warning is about names that the locale cannot spell; we take their bytes.
      if (status != ARCHIVE_OK && status != ARCHIVE_WARN) return fail_reading();
      TIDEGATE_TRY_VOID(unpack_entry(entry));
    }
    return check_links();
  }

 private:
  Result<> open() {
    reader_.reset(archive_read_new());
    archive_read_support_format_tar(reader_.get());
    archive_read_support_filter_gzip(reader_.get());
    if (archive_read_open_filename(reader_.get(), file_.c_str(), 1 << 16) != ARCHIVE_OK) {
      return fail_reading();
    }
    root_.reset(::open(folder_.c_str(), O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
    if (!root_) return fail_errno(fmt::format("cannot open the folder {}", folder_.string()));
    return {};
  }

  std::unexpected<Error> fail_reading() {
    return fail(Code::invalid,
                fmt::format("{} is no whole tar.gz: {}", file_.string(), reason_of(reader_.get())));
  }
  std::unexpected<Error> refuse(std::string_view name, std::string_view why) {
    return fail(Code::invalid, fmt::format("{}: the entry \"{}\" {}", file_.string(), name, why));
  }

  Result<> unpack_entry(archive_entry* entry) {
    std::string name =
        text_or_empty(archive_entry_pathname_utf8(entry), archive_entry_pathname(entry));
    if (++entries_ > limits_.entries_max) {
      return fail(Code::exhausted, fmt::format("{} holds more than {} entries", file_.string(),
                                               limits_.entries_max));
    }
    auto parts = safe_parts(name);
    if (!parts || name.empty()) return refuse(name, "would be outside of the folder");
    if (parts->empty()) return {};  // "./"
    std::string last = parts->back();
    parts->pop_back();
    TIDEGATE_TRY(UniqueFd parent, open_folder(*parts, name));
    std::string hard_link =
        text_or_empty(archive_entry_hardlink_utf8(entry), archive_entry_hardlink(entry));
    if (!hard_link.empty()) return add_hard_link(parent.get(), last, hard_link, name);
    switch (archive_entry_filetype(entry)) {
      case AE_IFREG:
        return add_file(parent.get(), last, entry, name);
      case AE_IFDIR:
        return add_folder(parent.get(), last, name);
      case AE_IFLNK:
        return add_link(parent.get(), last, parts->size(), entry, name);
      default:
        return refuse(name, "is neither file, folder nor link");
    }
  }

  // The folder below the root, created if need be; never through a link.
  Result<UniqueFd> open_folder(const std::vector<std::string>& parts, std::string_view name) {
    UniqueFd at(::openat(root_.get(), ".", O_PATH | O_DIRECTORY | O_CLOEXEC));
    for (const std::string& part : parts) {
      if (::mkdirat(at.get(), part.c_str(), 0755) != 0 && errno != EEXIST)
        return fail_at_entry(name);
      UniqueFd next(
          ::openat(at.get(), part.c_str(), O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
      if (!next && (errno == ELOOP || errno == ENOTDIR))
        return refuse(name, "goes through a link or a file");
      if (!next) return fail_at_entry(name);
      at = std::move(next);
    }
    return at;
  }

  std::unexpected<Error> fail_at_entry(std::string_view name) {
    return fail_errno(fmt::format("cannot unpack \"{}\" into {}", name, folder_.string()));
  }

  Result<> add_folder(int parent, const std::string& last, std::string_view name) {
    if (::mkdirat(parent, last.c_str(), 0755) == 0) return {};
    if (errno != EEXIST) return fail_at_entry(name);
    struct stat info{};
    if (::fstatat(parent, last.c_str(), &info, AT_SYMLINK_NOFOLLOW) != 0)
      return fail_at_entry(name);
    if (!S_ISDIR(info.st_mode)) return refuse(name, "is there already and no folder");
    return {};
  }

  // An entry that comes twice replaces the first, as with tar.
  Result<> remove_older(int parent, const std::string& last, std::string_view name) {
    if (::unlinkat(parent, last.c_str(), 0) == 0 || errno == ENOENT) return {};
    if (errno == EISDIR || errno == EPERM) return refuse(name, "is there already and a folder");
    return fail_at_entry(name);
  }

  Result<> add_file(int parent, const std::string& last, archive_entry* entry,
                    std::string_view name) {
    TIDEGATE_TRY_VOID(remove_older(parent, last, name));
    mode_t mode = (archive_entry_perm(entry) & 0111) != 0 ? 0755 : 0644;
    UniqueFd out(
        ::openat(parent, last.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, mode));
    if (!out) return fail_at_entry(name);
    ::fchmod(out.get(), mode);
    std::vector<char> buffer(1 << 16);
    for (;;) {
      la_ssize_t n = archive_read_data(reader_.get(), buffer.data(), buffer.size());
      if (n < 0) return fail_reading();
      if (n == 0) return {};
      bytes_ += static_cast<std::uint64_t>(n);
      if (bytes_ > limits_.bytes_max) {
        return fail(Code::exhausted, fmt::format("{} holds more than {} MB", file_.string(),
                                                 limits_.bytes_max >> 20));
      }
      TIDEGATE_TRY_VOID(write_all(out.get(), {buffer.data(), static_cast<std::size_t>(n)}, name));
    }
  }

  Result<> write_all(int out, std::string_view bytes, std::string_view name) {
    while (!bytes.empty()) {
      ssize_t n = ::write(out, bytes.data(), bytes.size());
      if (n < 0 && errno == EINTR) continue;
      if (n < 0) return fail_at_entry(name);
      bytes.remove_prefix(static_cast<std::size_t>(n));
    }
    return {};
  }

  Result<> add_link(int parent, const std::string& last, std::size_t depth, archive_entry* entry,
                    std::string_view name) {
    std::string target =
        text_or_empty(archive_entry_symlink_utf8(entry), archive_entry_symlink(entry));
    if (!link_stays(target, depth)) return refuse(name, "is a link that leads out of the folder");
    TIDEGATE_TRY_VOID(remove_older(parent, last, name));
    if (::symlinkat(target.c_str(), parent, last.c_str()) != 0) return fail_at_entry(name);
    links_.emplace_back(name);
    return {};
  }

  // Python's tarfile writes files that share an inode so; the first of them came earlier in the
  // archive.
  Result<> add_hard_link(int parent, const std::string& last, std::string_view target,
                         std::string_view name) {
    auto parts = safe_parts(target);
    if (!parts || parts->empty()) return refuse(name, "is a link that leads out of the folder");
    std::string target_last = parts->back();
    parts->pop_back();
    TIDEGATE_TRY(UniqueFd target_parent, open_folder(*parts, name));
    struct stat info{};
    if (::fstatat(target_parent.get(), target_last.c_str(), &info, AT_SYMLINK_NOFOLLOW) != 0 ||
        !S_ISREG(info.st_mode)) {
      return refuse(name, "is a link to what is no file of the archive");
    }
    TIDEGATE_TRY_VOID(remove_older(parent, last, name));
    if (::linkat(target_parent.get(), target_last.c_str(), parent, last.c_str(), 0) != 0) {
      return fail_at_entry(name);
    }
    return {};
  }

  // Each link stays inside by its text, but a chain of them (a/s -> .., t -> a/s/..) may not.
  Result<> check_links() {
    std::error_code error;
    Path root = fs::canonical(folder_, error);
    for (const std::string& name : links_) {
      Path real = fs::weakly_canonical(root / name, error);
      bool below =
          std::mismatch(root.begin(), root.end(), real.begin(), real.end()).first == root.end();
      if (error || !below) return refuse(name, "is a link that leads out of the folder");
    }
    return {};
  }

  const Path& file_;
  const Path& folder_;
  const UnpackLimits& limits_;
  Reader reader_;
  UniqueFd root_;
  std::vector<std::string> links_;
  std::size_t entries_ = 0;
  std::uint64_t bytes_ = 0;
};

}  // namespace

Result<> unpack(const Path& file, const Path& folder, const UnpackLimits& limits) {
  if (::mkdir(folder.c_str(), 0755) != 0) {
    return fail_errno(fmt::format("cannot create the folder {}", folder.string()));
  }
  Result<> result = Unpacker(file, folder, limits).run();
  if (!result) {
    // What went wrong first is what counts.
    Result<> removed = os::remove_tree(folder);
    (void)removed;
  }
  return result;
}

}  // namespace tidegate::archive
