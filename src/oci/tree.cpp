#include "oci/tree.h"

#include <sys/stat.h>

#include <fmt/format.h>

namespace tidegate::oci {
namespace {

namespace fs = std::filesystem;
using os::Path;

std::unexpected<Error> refuse(const Path& path) {
  return fail(Code::invalid,
              fmt::format("two parts of the app want to be at {}; rename one in the source",
                          path.string()));
}

fs::file_type type_of(const Path& path) {
  std::error_code ignored;  // then the next call fails with the reason
  return fs::symlink_status(path, ignored).type();
}

}  // namespace

Result<Path> make_folder(const Path& root, std::string_view target) {
  Path at = root;
  for (const Path& part : Path(target)) {
    at /= part;
    if (::mkdir(at.c_str(), 0755) == 0) continue;
    if (errno != EEXIST) return fail_errno(fmt::format("cannot create the folder {}", at.string()));
    if (type_of(at) != fs::file_type::directory) return refuse(at);
  }
  return at;
}

Result<> merge_into(const Path& from, const Path& to) {
  std::error_code error;
  for (fs::directory_iterator it(from, error), end; !error && it != end; it.increment(error)) {
    Path target = to / it->path().filename();
    fs::file_type there = type_of(target);
    if (there == fs::file_type::not_found) {
      if (::rename(it->path().c_str(), target.c_str()) != 0)
        return fail_errno(fmt::format("cannot move to {}", target.string()));
      continue;
    }
    bool both_folders =
        there == fs::file_type::directory && type_of(it->path()) == fs::file_type::directory;
    if (!both_folders) return refuse(target);
    TIDEGATE_TRY_VOID(merge_into(it->path(), target));
  }
  if (error) return fail_errno(fmt::format("cannot list {}", from.string()), error.value());
  return {};
}

Result<> remove_read_only_tree(const Path& path) {
  if (type_of(path) == fs::file_type::directory) {
    ::chmod(path.c_str(), 0755);
    std::error_code error;
    for (fs::recursive_directory_iterator it(path, error), end; !error && it != end;
         it.increment(error)) {
      // Before the iterator goes down into it.
      if (type_of(it->path()) == fs::file_type::directory) ::chmod(it->path().c_str(), 0755);
    }
    if (error) return fail_errno(fmt::format("cannot list {}", path.string()), error.value());
  }
  return os::remove_tree(path);
}

}  // namespace tidegate::oci
