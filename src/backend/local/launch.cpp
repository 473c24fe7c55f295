#include "backend/local/launch.h"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <string_view>

namespace tidegate::backend::local {
namespace {

constexpr std::string_view kPassedOn[] = {
    "LANG",        "LC_ALL",      "TZ",       "LD_LIBRARY_PATH", "http_proxy", "HTTP_PROXY",
    "https_proxy", "HTTPS_PROXY", "no_proxy", "NO_PROXY",        "PATH"};
constexpr std::string_view kPassedOnPrefixes[] = {"OPENBLAS_", "OMP_", "MKL_", "CUDA_", "NVIDIA_"};
constexpr std::string_view kUsualPath = "/usr/local/bin:/usr/bin:/bin";

Place place_of(const ReplicaView& view) {
  // The file lies beside the socket, where control looks for it when the replica does not come up.
  os::Path run = os::Path(view.socket).parent_path();
  return {.app_root = view.app_root,
          .listen = "unix:" + view.socket,
          .startup_error = (run / "startup_error.json").string(),
          .location = "local",
          .model_data = view.storage};
}

}  // namespace

Variables passed_on(const Variables& ours) {
  Variables out;
  for (const auto& [name, value] : ours) {
    bool wanted =
        std::find(std::begin(kPassedOn), std::end(kPassedOn), name) != std::end(kPassedOn);
    for (std::string_view prefix : kPassedOnPrefixes) wanted = wanted || name.starts_with(prefix);
    if (wanted) out[name] = value;
  }
  return out;
}

Variables variables_of_this_process() {
  Variables out;
  for (char** entry = environ; entry != nullptr && *entry != nullptr; ++entry) {
    std::string_view text = *entry;
    auto equals = text.find('=');
    if (equals != std::string_view::npos)
      out.emplace(text.substr(0, equals), text.substr(equals + 1));
  }
  return out;
}

Variables variables_of(const Launch& launch) {
  const Place place = place_of(launch.view);
  Variables out = launch.passed_on;
  out.try_emplace("LANG", "C.UTF-8");
  add_defaults(launch.plan, place, out);
  out["HOSTNAME"] = launch.replica_id;
  out["HOME"] = launch.view.tmp;
  out["TMPDIR"] = launch.view.tmp;
  add_environments_own(launch.plan, out);
  os::Path bin = os::Path(launch.plan.interpreter).parent_path();
  out["PATH"] = put_before(bin.string(), value_or(out, "PATH", kUsualPath));
  out["PYTHONPATH"] = put_before(launch.server_path, value_or(out, "PYTHONPATH", ""));
  add_fixed(launch.plan, place, out);
  return out;
}

std::vector<std::string> command_of(const VersionPlan& plan, const std::string& server_path) {
  return {plan.interpreter, server_path + "/tidegate_server"};
}

}  // namespace tidegate::backend::local
