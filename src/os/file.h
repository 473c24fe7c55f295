// Files that survive a crash. Paths are std::filesystem::path; errors name the path.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>

#include "base/error.h"

namespace tidegate::os {

using Path = std::filesystem::path;

Result<std::string> read_file(const Path& path);
// The last `count` lines (each with its newline), reading from the end. A missing file is empty
// text.
Result<std::string> read_last_lines(const Path& path, std::size_t count);

// Written aside in the same folder, fsynced, renamed over `path`, folder fsynced: a reader sees the
// old text or the new one, also after a power cut. mode as in open(2).
Result<> write_file_atomic(const Path& path, std::string_view text, int mode = 0644);
// The same without any fsync: whole for every reader, but after a power cut perhaps empty or old.
Result<> write_file_quick(const Path& path, std::string_view text, int mode = 0644);

// rename(2) and fsync of the target's folder.
Result<> rename_durable(const Path& from, const Path& to);
Result<> fsync_path(const Path& path);
// Flushes all that was written to the file system of `path` (syncfs): for a tree of many files,
// where one fsync per file would cost one disk round each.
Result<> sync_file_system(const Path& path);
// Points the symbolic link `link` to `target`, replacing an older link in one step.
Result<> replace_symlink(const Path& link, const Path& target);

Result<> make_directories(const Path& path, int mode = 0755);
Result<> remove_tree(const Path& path);  // a missing path is success

// Reflink where the file system can, else copy. Never a writable hard link. Keeps the mode bits.
Result<> copy_file(const Path& from, const Path& to);

Result<std::uint64_t> free_bytes(const Path& path);

}  // namespace tidegate::os
