#include <sys/stat.h>
#include <unistd.h>

#include <set>

#include <fmt/format.h>

#include "archive/unpack.h"
#include "oci/artifact.h"
#include "oci/blob_cache.h"
#include "oci/layers.h"
#include "oci/names.h"
#include "oci/tree.h"

namespace tidegate::oci {
namespace {

namespace fs = std::filesystem;
using os::Path;

// into/.tidegate-pull/tree is the app as it grows. When it is whole, what is in it is moved into
// `into`: a rename for each entry of the top. A pull that was killed left a stage, or some entries
// moved; the next one begins with a new stage and replaces them.
class Pull {
 public:
  Pull(Registry& registry, const PullOptions& options, const LineSink& on_line)
      : registry_(registry), options_(options), on_line_(on_line), cache_(options.cache) {}

  Result<> run() {
    TIDEGATE_TRY(std::vector<Layer> layers, find_layers());
    TIDEGATE_TRY_VOID(os::make_directories(options_.into));
    TIDEGATE_TRY_VOID(remove_read_only_tree(stage_));
    TIDEGATE_TRY_VOID(check_space(layers));
    TIDEGATE_TRY_VOID(os::make_directories(tree_));
    // Files first: no link of a tar can then be on their way.
    for (const Layer& layer : layers) {
      if (!layer.is_tar) TIDEGATE_TRY_VOID(place_file(layer));
    }
    for (const Layer& layer : layers) {
      if (layer.is_tar) TIDEGATE_TRY_VOID(place_tar(layer));
    }
    TIDEGATE_TRY_VOID(publish());
    TIDEGATE_TRY_VOID(protect(layers));
    trim_cache(layers);
    return remove_read_only_tree(stage_);
  }

 private:
  Result<std::vector<Layer>> find_layers() {
    if (!is_digest(options_.digest)) {
      return fail(Code::invalid, fmt::format("\"{}\" is no digest: sha256: and 64 lower-case "
                                             "hexadecimal digits",
                                             options_.digest));
    }
    TIDEGATE_TRY(auto manifest, registry_.manifest(options_.repository, options_.digest));
    std::string name = registry_.name_of(options_.repository) + "@" + options_.digest;
    if (!manifest) {
      return fail(Code::not_found,
                  fmt::format("{} is not in the registry; deploy the service again", name));
    }
    auto layers = layers_of(manifest->json);
    if (!layers) return fail_at(name, layers.error());
    return layers;
  }

  // Better told before an hour of fetching than after it. What a tar unpacks to is not known yet.
  Result<> check_space(const std::vector<Layer>& layers) {
    std::uint64_t needed = 0;
    for (const Layer& layer : layers) needed += layer.blob.size;
    TIDEGATE_TRY(std::uint64_t free, os::free_bytes(options_.into));
    on_line_(fmt::format("{} files, {:.1f} MB", layers.size(), static_cast<double>(needed) / 1e6));
    if (needed <= free) return {};
    return fail(Code::exhausted,
                fmt::format("{} has room for {:.1f} MB, the app has {:.1f} MB; free space on the "
                            "node's disk or make the models smaller",
                            options_.into.string(), static_cast<double>(free) / 1e6,
                            static_cast<double>(needed) / 1e6));
  }

  // The app is there: a cache that cannot be trimmed keeps nobody from it.
  void trim_cache(const std::vector<Layer>& layers) {
    std::set<std::string> mine;
    for (const Layer& layer : layers) mine.insert(layer.blob.digest);
    auto trimmed = cache_.trim(options_.cache_max_bytes, mine);
    if (!trimmed) on_line_("WARNING: the cache stays as it is: " + trimmed.error().message);
  }

  Result<> get(const Layer& layer, const Path& file) {
    TIDEGATE_TRY(bool is_fetched, cache_.get(registry_, options_.repository, layer.blob, file));
    on_line_(fmt::format("{} ({:.1f} MB): {}", layer.target.empty() ? "the source" : layer.target,
                         static_cast<double>(layer.blob.size) / 1e6,
                         is_fetched ? "fetched" : "from the cache"));
    return {};
  }

  Result<> place_file(const Layer& layer) {
    Path target(layer.target);
    TIDEGATE_TRY(Path folder, make_folder(tree_, target.parent_path().string()));
    Path file = folder / target.filename();
    TIDEGATE_TRY_VOID(get(layer, file));
    return set_mode(file, layer.executable ? 0555 : 0444);
  }

  Result<> place_tar(const Layer& layer) {
    Path tar = stage_ / "layer.tar.gz";
    Path unpacked = stage_ / "unpacked";
    TIDEGATE_TRY_VOID(get(layer, tar));
    TIDEGATE_TRY_VOID(archive::unpack(tar, unpacked, {}));
    TIDEGATE_TRY(Path folder, make_folder(tree_, layer.target));
    TIDEGATE_TRY_VOID(merge_into(unpacked, folder));
    TIDEGATE_TRY_VOID(os::remove_tree(unpacked));
    return os::remove_tree(tar);
  }

  Result<> publish() {
    std::error_code error;
    for (fs::directory_iterator it(tree_, error), end; !error && it != end; it.increment(error)) {
      Path target = options_.into / it->path().filename();
      TIDEGATE_TRY_VOID(remove_read_only_tree(target));
      if (::rename(it->path().c_str(), target.c_str()) != 0)
        return fail_errno(fmt::format("cannot move to {}", target.string()));
    }
    if (error) return fail_errno(fmt::format("cannot list {}", tree_.string()), error.value());
    return {};
  }

  // The folders of files, last: without the right to write, a folder could not be moved.
  Result<> protect(const std::vector<Layer>& layers) {
    std::set<std::string> folders;
    for (const Layer& layer : layers) {
      if (!layer.is_tar) folders.merge(as_set(folders_of(layer.target)));
    }
    for (const std::string& folder : folders) {
      TIDEGATE_TRY_VOID(set_mode(options_.into / folder, 0555));
    }
    return {};
  }

  static std::set<std::string> as_set(const std::vector<std::string>& list) {
    return {list.begin(), list.end()};
  }
  static Result<> set_mode(const Path& path, mode_t mode) {
    if (::chmod(path.c_str(), mode) == 0) return {};
    return fail_errno(fmt::format("cannot change the rights of {}", path.string()));
  }

  Registry& registry_;
  const PullOptions& options_;
  const LineSink& on_line_;
  BlobCache cache_;
  const Path stage_ = options_.into / kStageName;
  const Path tree_ = stage_ / "tree";
};

}  // namespace

Result<> pull_artifact(Registry& registry, const PullOptions& options, const LineSink& on_line) {
  return Pull(registry, options, on_line).run();
}

}  // namespace tidegate::oci
