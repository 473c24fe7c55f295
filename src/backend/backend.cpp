#include "backend/backend.h"

#include <string.h>

#include <fmt/format.h>

namespace tidegate::backend {

std::string ReplicaExit::text() const {
  if (lost) return "ended together with its shim, how is not known";
  std::string text = signal != 0
                         ? fmt::format("killed by signal {} ({})", signal, ::strsignal(signal))
                         : fmt::format("exited with code {}", code);
  if (out_of_memory) text += ", out of memory";
  if (asked) text += ", as asked";
  return text;
}

Result<> Backend::scale(const std::string& version_id, int) {
  return fail(Code::internal, fmt::format("this backend does not scale {} by number", version_id));
}

Result<std::vector<VersionSeen>> Backend::observe_versions() {
  return std::vector<VersionSeen>{};
}

std::string Backend::model_data_place(const std::string&) const {
  return "";
}

}  // namespace tidegate::backend
