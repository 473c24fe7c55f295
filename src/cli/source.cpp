#include "cli/source.h"

#include <unistd.h>

#include <algorithm>

#include <fmt/format.h>

#include "archive/pack.h"
#include "cli/config_file.h"
#include "domain/object_reader.h"
#include "os/sha256.h"

namespace tidegate::cli {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kSkippedShown = 10;

bool is_file(const os::Path& path) {
  std::error_code error;
  return fs::is_regular_file(path, error);
}

bool is_folder(const os::Path& path) {
  std::error_code error;
  return fs::is_directory(path, error);
}

os::Path normal(const os::Path& path) {
  os::Path out = path.lexically_normal();
  return out.has_filename() ? out : out.parent_path();
}

// One of the two that is a folder and has the script, else the first that is a folder at all.
os::Path choose_folder(const os::Path& a, const os::Path& b, const std::string& script) {
  for (const os::Path& folder : {a, b}) {
    if (is_folder(folder) && is_file(folder / script)) return folder;
  }
  return is_folder(a) || !is_folder(b) ? a : b;
}

void complain_of_script(const os::Path& a, const os::Path& b, const std::string& script,
                        const std::string& place, domain::Complaints& complaints) {
  os::Path first = normal(a / script);
  os::Path second = normal(b / script);
  bool no_file = is_folder(first) || is_folder(second);
  complaints.add(place, fmt::format("{} {}: looked for {}", script,
                                    no_file ? "is a folder" : "is not there", both(first, second)));
}

// What was left out, a few of them by name.
void report_skipped(const std::vector<std::string>& skipped, Console& console) {
  for (std::size_t i = 0; i < skipped.size() && i < kSkippedShown; ++i) {
    console.say(fmt::format("left out: {}", skipped[i]));
  }
  if (skipped.size() > kSkippedShown) {
    console.say(fmt::format("left out: {} more", skipped.size() - kSkippedShown));
  }
}

Result<os::Path> temporary_file() {
  std::error_code error;
  os::Path folder = fs::temp_directory_path(error);
  if (error) return fail_errno("cannot find the folder for temporary files", error.value());
  std::string name = (folder / "tidegate-source-XXXXXX").string();
  int fd = ::mkstemp(name.data());
  if (fd < 0) return fail_errno(fmt::format("cannot create a file in {}", folder.string()));
  ::close(fd);
  return os::Path(name);
}

// Whether `path` is the skipped file or lies in the skipped folder.
bool covers(std::string_view skipped, std::string_view path) {
  return skipped == path || (skipped.ends_with('/') && path.starts_with(skipped));
}

Result<Parcel> pack_folder(const Source& source, Context& context) {
  TIDEGATE_TRY(os::Path file, temporary_file());
  Parcel parcel(file, "", /*is_temporary=*/true);
  std::string script = source.script.lexically_relative(source.folder).string();
  std::string script_skipped;
  std::vector<std::string> skipped;
  TIDEGATE_TRY(auto summary, archive::pack(source.folder, file, {},
                                           [&](std::string_view path, std::string_view why) {
                                             skipped.push_back(fmt::format("{} ({})", path, why));
                                             if (covers(path, script)) script_skipped = why;
                                           }));
  if (!script_skipped.empty()) {
    return fail(Code::invalid,
                fmt::format("the entry script {} would not be sent: {}", script, script_skipped));
  }
  context.console.say(fmt::format("packed {}: {} files, {:.1f} MB", source.folder.string(),
                                  summary.files, static_cast<double>(summary.bytes) / 1e6));
  report_skipped(skipped, context.console);
  TIDEGATE_TRY(std::string hash, os::sha256_hex_of_file(file));
  parcel.set_name(hash.substr(0, 8) + ".tar.gz");
  return parcel;
}

}  // namespace

Parcel::~Parcel() {
  if (is_temporary_) ::unlink(file_.c_str());
}

std::string Source::folder_name() const {
  std::error_code error;
  return folder.empty() ? "" : fs::weakly_canonical(folder, error).filename().string();
}

std::optional<Source> find_source(const domain::InferenceConfig& config,
                                  const SearchFolders& search, const std::string& where,
                                  domain::Complaints& complaints) {
  const std::string& script = config.entry_script;
  os::Path a = normal(search.current / config.source_directory);
  os::Path b = normal(search.config / config.source_directory);
  os::Path folder = choose_folder(a, b, script);
  if (!is_folder(folder)) {
    complaints.add(
        domain::place_of(where, "sourceDirectory"),
        fmt::format("{} is no folder: looked for {}", config.source_directory, both(a, b)));
    return std::nullopt;
  }
  std::string place = domain::place_of(where, "entryScript");
  if (script.empty()) return std::nullopt;  // said already
  if (!is_file(folder / script)) {
    complain_of_script(a, b, script, place, complaints);
    return std::nullopt;
  }
  Source source{.folder = config.source_directory.empty() ? os::Path() : folder,
                .script = normal(folder / script)};
  auto text = read_text(source.script, script, place, complaints);
  if (!text) return std::nullopt;
  source.text = std::move(*text);
  source.entry = source.folder.empty() ? source.script.filename().string()
                                       : source.folder_name() + "/" +
                                             source.script.lexically_relative(folder).string();
  return source;
}

Result<Parcel> pack_source(const Source& source, Context& context) {
  if (!source.folder.empty()) return pack_folder(source, context);
  return Parcel(source.script, source.script.filename().string(), /*is_temporary=*/false);
}

}  // namespace tidegate::cli
