#include "archive/pack.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <vector>

#include <fmt/format.h>

#include "archive/handle.h"
#include "archive/ignore_rules.h"
#include "os/fd.h"

namespace tidegate::archive {
namespace {

namespace fs = std::filesystem;
using os::Path;

constexpr std::array<std::string_view, 3> kNeverPacked = {".git", ".azureml", "__pycache__"};

bool is_below(const Path& path, const Path& root) {
  auto mismatch = std::mismatch(root.begin(), root.end(), path.begin(), path.end());
  return mismatch.first == root.end();
}

Result<std::vector<std::string>> sorted_names(const Path& folder) {
  std::error_code error;
  std::vector<std::string> names;
  for (fs::directory_iterator item(folder, error), end; !error && item != end;
       item.increment(error)) {
    names.push_back(item->path().filename().string());
  }
  if (error)
    return fail_errno(fmt::format("cannot read the folder {}", folder.string()), error.value());
  std::ranges::sort(names);
  return names;
}

class Packer {
 public:
  Packer(Path root, const PackLimits& limits, const SkippedSink& on_skipped)
      : root_(std::move(root)), limits_(limits), on_skipped_(on_skipped) {
    summary_.top_folder = root_.filename().string();
  }

  Result<PackSummary> run(const Path& output) {
    TIDEGATE_TRY_VOID(read_ignore_file());
    TIDEGATE_TRY_VOID(open(output));
    TIDEGATE_TRY_VOID(add_folder(""));
    if (archive_write_close(writer_.get()) != ARCHIVE_OK) return fail_writing();
    return summary_;
  }

 private:
  Result<> read_ignore_file() {
    for (const char* name : {".amlignore", ".gitignore"}) {
      auto text = os::read_file(root_ / name);
      if (!text && text.error().code == Code::not_found) continue;
      if (!text) return fail(text.error().code, text.error().message);
      rules_ = IgnoreRules(*text);
      summary_.ignore_file = name;
      return {};
    }
    return {};
  }

  // GNU tar stores names as they are; the other formats want to know their encoding.
  Result<> open(const Path& output) {
    writer_.reset(archive_write_new());
    struct archive* writer = writer_.get();
    bool ready =
        archive_write_set_format_gnutar(writer) == ARCHIVE_OK &&
        archive_write_add_filter_gzip(writer) == ARCHIVE_OK &&
        archive_write_set_filter_option(writer, "gzip", "timestamp", nullptr) == ARCHIVE_OK &&
        archive_write_set_filter_option(writer, "gzip", "compression-level", "6") == ARCHIVE_OK &&
        archive_write_set_bytes_in_last_block(writer, 1) == ARCHIVE_OK &&
        archive_write_open_filename(writer, output.c_str()) == ARCHIVE_OK;
    if (!ready) return fail_writing();
    return {};
  }

  std::unexpected<Error> fail_writing() {
    int error_number = archive_errno(writer_.get());
    return fail(error_number == ENOSPC ? Code::exhausted : Code::internal,
                fmt::format("cannot write the archive of {}: {}", root_.string(),
                            reason_of(writer_.get())));
  }

  // relative: "" for the root, else "a/b".
  Result<> add_folder(const std::string& relative) {
    TIDEGATE_TRY_VOID(write_head(relative, AE_IFDIR, 0755, 0, {}));
    TIDEGATE_TRY(auto names, sorted_names(root_ / relative));
    for (const std::string& name : names) {
      TIDEGATE_TRY_VOID(add(relative.empty() ? name : relative + "/" + name, name));
    }
    return {};
  }

  Result<> add(const std::string& relative, std::string_view name) {
    struct stat info{};
    Path path = root_ / relative;
    if (::lstat(path.c_str(), &info) != 0)
      return fail_errno(fmt::format("cannot read {}", path.string()));
    bool is_folder = S_ISDIR(info.st_mode);
    std::string shown = is_folder ? relative + "/" : relative;
    if (std::ranges::find(kNeverPacked, name) != kNeverPacked.end()) {
      on_skipped_(shown, "always left out");
      return {};
    }
    std::string_view pattern = rules_.ignored_by(relative, is_folder);
    if (!pattern.empty()) {
      on_skipped_(shown, fmt::format("pattern {} of {}", pattern, summary_.ignore_file));
      return {};
    }
    if (is_folder) return add_folder(relative);
    if (S_ISLNK(info.st_mode)) return add_link(relative);
    if (S_ISREG(info.st_mode)) return add_file(relative, (info.st_mode & 0111) != 0);
    on_skipped_(shown, "is no file");
    return {};
  }

  // Kept as a relative link: an absolute one would point nowhere after the move.
  Result<> add_link(const std::string& relative) {
    Path path = root_ / relative;
    std::error_code error;
    Path target = fs::read_symlink(path, error);
    if (error) return fail_errno(fmt::format("cannot read {}", path.string()), error.value());
    Path from_root = (path.parent_path() / target).lexically_normal();
    Path real = fs::weakly_canonical(path.parent_path() / target, error);
    if (error || !is_below(from_root, root_) || !is_below(real, root_)) {
      return fail(
          Code::invalid,
          fmt::format("{} is a link to {}, outside of the source folder {}: put the file itself "
                      "there, or leave the link out with .amlignore",
                      path.string(), target.string(), root_.string()));
    }
    Path stored = target.is_absolute() ? from_root.lexically_relative(path.parent_path()) : target;
    return write_head(relative, AE_IFLNK, 0777, 0, stored.string());
  }

  Result<> add_file(const std::string& relative, bool executable) {
    Path path = root_ / relative;
    os::UniqueFd file(::open(path.c_str(), O_RDONLY | O_NOFOLLOW | O_CLOEXEC));
    struct stat info{};
    if (!file || ::fstat(file.get(), &info) != 0) {
      return fail_errno(fmt::format("cannot read {}", path.string()));
    }
    auto size = static_cast<std::uint64_t>(info.st_size);
    ++summary_.files;
    summary_.bytes += size;
    if (summary_.bytes > limits_.bytes_max) {
      return fail(
          Code::exhausted,
          fmt::format("{} holds more than {} MB; leave data out with .amlignore, and register "
                      "models as models",
                      root_.string(), limits_.bytes_max >> 20));
    }
    TIDEGATE_TRY_VOID(write_head(relative, AE_IFREG, executable ? 0755 : 0644, size, {}));
    return write_content(file.get(), size, path);
  }

  Result<> write_content(int file, std::uint64_t size, const Path& path) {
    std::vector<char> buffer(1 << 16);
    while (size > 0) {
      ssize_t n = ::read(file, buffer.data(), std::min<std::uint64_t>(buffer.size(), size));
      if (n < 0 && errno == EINTR) continue;
      if (n < 0) return fail_errno(fmt::format("cannot read {}", path.string()));
      if (n == 0)
        return fail(Code::conflict, fmt::format("{} shrank while it was read", path.string()));
      auto piece = static_cast<std::size_t>(n);
      if (archive_write_data(writer_.get(), buffer.data(), piece) != n) return fail_writing();
      size -= piece;
    }
    return {};
  }

  Result<> write_head(const std::string& relative, unsigned type, unsigned mode, std::uint64_t size,
                      const std::string& link_target) {
    if (++entries_ > limits_.entries_max) {
      return fail(Code::exhausted,
                  fmt::format("{} holds more than {} files and folders; leave some out "
                              "with .amlignore",
                              root_.string(), limits_.entries_max));
    }
    std::string path =
        relative.empty() ? summary_.top_folder : summary_.top_folder + "/" + relative;
    Entry entry(archive_entry_new());
    archive_entry_set_pathname(entry.get(), path.c_str());
    archive_entry_set_filetype(entry.get(), type);
    archive_entry_set_perm(entry.get(), static_cast<mode_t>(mode));
    archive_entry_set_size(entry.get(), static_cast<la_int64_t>(size));
    archive_entry_set_mtime(entry.get(), 0, 0);
    archive_entry_set_uid(entry.get(), 0);
    archive_entry_set_gid(entry.get(), 0);
    if (!link_target.empty()) archive_entry_set_symlink(entry.get(), link_target.c_str());
    if (archive_write_header(writer_.get(), entry.get()) != ARCHIVE_OK) return fail_writing();
    return {};
  }

  Path root_;
  const PackLimits& limits_;
  const SkippedSink& on_skipped_;
  IgnoreRules rules_;
  Writer writer_;
  PackSummary summary_;
  std::size_t entries_ = 0;
};

}  // namespace

Result<PackSummary> pack(const Path& folder, const Path& output, const PackLimits& limits,
                         const SkippedSink& on_skipped) {
  std::error_code error;
  Path root = fs::canonical(folder, error);
  if (error)
    return fail_errno(fmt::format("cannot read the folder {}", folder.string()), error.value());
  if (!fs::is_directory(root, error)) {
    return fail(Code::invalid, fmt::format("{} is no folder", root.string()));
  }
  if (!root.has_filename()) {
    return fail(Code::invalid, "the root of the file system is no source folder");
  }
  auto summary = Packer(root, limits, on_skipped).run(output);
  if (!summary) ::unlink(output.c_str());
  return summary;
}

}  // namespace tidegate::archive
