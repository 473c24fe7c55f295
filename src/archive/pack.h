#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "base/error.h"
#include "os/file.h"

namespace tidegate::archive {

struct PackLimits {
  std::size_t entries_max = 100'000;
  std::uint64_t bytes_max = 4ULL << 30;  // before compression
};

struct PackSummary {
  std::string top_folder;   // the one folder at the top of the archive
  std::string ignore_file;  // ".amlignore", ".gitignore", or empty: there is none
  std::size_t files = 0;
  std::uint64_t bytes = 0;
};

// path is relative to the folder (with a '/' at the end of a folder's), why is a short reason
// ("pattern *.csv of .amlignore", "always left out", "is no file").
using SkippedSink = std::function<void(std::string_view path, std::string_view why)>;

// Writes `output`, a tar.gz whose one top folder is named like the real path of `folder`. The same
// content gives the same bytes: names in order, no times, no owners. Left out are what .amlignore
// names (or, without one, .gitignore), .git, .azureml, __pycache__, and what is neither file,
// folder nor link. A link that leads out of the folder is an error that names it. On failure there
// is no output.
Result<PackSummary> pack(const os::Path& folder, const os::Path& output, const PackLimits& limits,
                         const SkippedSink& on_skipped);

}  // namespace tidegate::archive
