#pragma once

#include <utility>

#include "image/environments.h"

namespace tidegate::control {

// Where a compute target's environments come from: folders of this machine (image::Environments) or
// images of its registry (image::Images). Thread-safe.
class EnvironmentProvider {
 public:
  virtual ~EnvironmentProvider() = default;

  // Blocks for the length of a build; each line for the operation's log goes to on_line.
  virtual Result<image::BuiltEnvironment> ensure(const domain::Environment& environment,
                                                 const image::EnvironmentOptions& options,
                                                 const image::Environments::LineSink& on_line) = 0;
};

// Both have the same ensure() without knowing of each other.
template <class Source>
class ProviderOf final : public EnvironmentProvider {
 public:
  template <class... Arguments>
  explicit ProviderOf(Arguments&&... arguments) : source_(std::forward<Arguments>(arguments)...) {}

  Result<image::BuiltEnvironment> ensure(const domain::Environment& environment,
                                         const image::EnvironmentOptions& options,
                                         const image::Environments::LineSink& on_line) override {
    return source_.ensure(environment, options, on_line);
  }

 private:
  Source source_;
};

}  // namespace tidegate::control
