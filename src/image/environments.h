#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/error.h"
#include "base/random.h"
#include "domain/environment.h"
#include "image/recipe.h"
#include "os/file.h"
#include "os/process.h"

namespace tidegate::image {

struct EnvironmentOptions {
  bool strict = false;               // another Python minor than asked for is an error
  bool ignore_docker_steps = false;  // without: base_dockerfile is refused on a process target
  // Whether the caller has no use for it any more; asked on any thread. A build that nobody wants
  // for a while is ended: Code::cancelled. Empty: it is always wanted.
  std::function<bool()> is_cancelled = {};
};

// How long nobody may want a build before it is ended. An update that takes the place of another
// asks for the same environment again, a moment later.
inline constexpr Milliseconds kUnwantedGrace{3'000};

struct BuiltEnvironment {
  std::string hash;
  std::string interpreter;  // absolute; runs with the packages importable
  bool reused = false;      // found, not built
  std::string found_in;     // "workspace registry", "built", "user-managed"
  std::string image;        // name by digest; empty: a process environment
};

// Process environments of a data folder: <root>/<hash> is a link to a folder that is whole. Found
// by recipe hash, else built with uv into a new folder and made visible in one step. Builds of one
// recipe at the same time are one build: later askers wait for the first. Thread-safe.
class Environments {
 public:
  // root: e.g. DIR/environments, created if need be. runner, random outlive this. uv: path of the
  // program.
  Environments(const os::Path& root, const os::Path& uv, os::CommandRunner& runner, Random& random);
  ~Environments();

  // Blocks for the length of a build. Each line for the operation's log goes to on_line: key, hit
  // or miss, from where, warnings, and the build's own output as it comes.
  using LineSink = std::function<void(std::string_view)>;
  Result<BuiltEnvironment> ensure(const domain::Environment& environment,
                                  const EnvironmentOptions& options, const LineSink& on_line);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace tidegate::image
