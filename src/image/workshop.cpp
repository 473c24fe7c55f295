#include "image/workshop.h"

#include <chrono>
#include <filesystem>
#include <thread>

#include <fmt/format.h>

#include "image/buildah.h"

namespace tidegate::image {
namespace {

namespace fs = std::filesystem;

constexpr std::chrono::milliseconds kPoll{50};
constexpr std::chrono::minutes kClearingMax{10};

const std::vector<std::string> kUnshare = {"unshare", "--pid", "--fork", "--kill-child",
                                           "--mount-proc"};

}  // namespace

std::string container_of(std::string_view build) {
  return fmt::format("azureml_{}", build);
}

std::string base_tag_of(std::string_view build) {
  return fmt::format("localhost/base_{}", build);
}

// Without buildah this fails too, and the command that then runs by itself says what is missing.
std::vector<std::string> confinement_here(os::CommandRunner& runner) {
  os::Command command{.argv = kUnshare};
  command.argv.insert(command.argv.end(), {"buildah", "--version"});
  auto status = runner.run(command, [](std::string_view) {});
  return status && status->ok() ? kUnshare : std::vector<std::string>{};
}

Workshop::Workshop(os::Path root, os::CommandRunner& runner, const Clock& clock)
    : root_(std::move(root)), runner_(runner), clock_(clock) {}

Result<os::FileLock> Workshop::enter() {
  TIDEGATE_TRY_VOID(os::make_directories(root_));
  os::Path path = root_ / "builds.lock";
  {
    TIDEGATE_TRY(auto alone, os::FileLock::try_take(path));
    if (alone) clear();
  }
  MonoTime start = clock_.mono();
  while (clock_.mono() - start < kClearingMax) {
    TIDEGATE_TRY(auto inside, os::FileLock::try_share(path));
    if (inside) return std::move(*inside);
    std::this_thread::sleep_for(kPoll);  // somebody clears
  }
  return fail(Code::timed_out,
              fmt::format("environment: the remains of earlier builds have been removed for {} "
                          "minutes; end the process that holds {} and deploy again",
                          kClearingMax.count(), path.string()));
}

// What cannot be removed is tried again by the next build.
void Workshop::clear() {
  std::vector<os::Path> left;
  std::error_code error;
  for (fs::directory_iterator it(root_ / kBuildsFolder, error), end; !error && it != end;
       it.increment(error)) {
    left.push_back(it->path());
  }
  if (left.empty()) return;
  Buildah buildah({.before = confinement(),
                   .storage = root_ / kStorageFolder,
                   .registries = root_ / "no-registries"});
  auto forget = [this](const os::Command& command) {
    (void)runner_.run(command, [](std::string_view) {});
  };
  forget(buildah.remove_all_containers());
  for (const os::Path& folder : left) {
    std::string build = folder.filename();
    forget(buildah.remove_image("localhost/" + container_of(build)));
    forget(buildah.remove_image(base_tag_of(build)));
    (void)os::remove_tree(folder);
  }
}

const std::vector<std::string>& Workshop::confinement() {
  std::call_once(is_asked_, [this] { confinement_ = confinement_here(runner_); });
  return confinement_;
}

}  // namespace tidegate::image
