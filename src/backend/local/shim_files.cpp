#include "backend/local/shim_files.h"

#include <fmt/format.h>

#include "backend/local/layout.h"
#include "base/json_path.h"

namespace tidegate::backend::local {
namespace {

bool flag(const Json& object, std::string_view name) {
  const Json* member = find_member(object, name);
  return member != nullptr && member->is_boolean() && member->get<bool>();
}

std::optional<Json> read_object(const os::Path& path) {
  auto text = os::read_file(path);
  if (!text) return std::nullopt;
  auto json = parse_json(*text, path.string());
  if (!json || !json->is_object()) return std::nullopt;
  return std::move(*json);
}

}  // namespace

Result<> write_spec(const os::Path& folder, const ShimSpec& spec) {
  Json json{{"replicaId", spec.replica_id},
            {"versionId", spec.version_id},
            {"argv", spec.argv},
            {"env", spec.env},
            {"cwd", spec.cwd},
            {"log", spec.log},
            {"logSizeMaxBytes", spec.log_size_max_bytes},
            {"logFilesMax", spec.log_files_max},
            {"sandboxed", spec.sandboxed}};
  // The variables may hold the user's secrets.
  return os::write_file_atomic(folder / kSpecFile, to_pretty_text(json), 0600);
}

Result<ShimSpec> read_spec(const os::Path& folder) {
  os::Path path = folder / kSpecFile;
  TIDEGATE_TRY(std::string text, os::read_file(path));
  TIDEGATE_TRY(Json json, parse_json(text, path.string()));
  ShimSpec spec{.replica_id = text_or(json, "replicaId", ""),
                .version_id = text_or(json, "versionId", ""),
                .cwd = text_or(json, "cwd", ""),
                .log = text_or(json, "log", ""),
                .sandboxed = flag(json, "sandboxed")};
  spec.log_size_max_bytes = static_cast<std::uint64_t>(
      number_or(json, "logSizeMaxBytes", static_cast<std::int64_t>(spec.log_size_max_bytes)));
  spec.log_files_max = static_cast<int>(number_or(json, "logFilesMax", spec.log_files_max));
  const Json* argv = find_member(json, "argv");
  const Json* env = find_member(json, "env");
  if (argv == nullptr || !argv->is_array() || argv->empty() || env == nullptr ||
      !env->is_object()) {
    return fail(Code::internal, fmt::format("{}: argv and env are missing", path.string()));
  }
  for (const Json& word : *argv) {
    if (word.is_string()) spec.argv.push_back(word.get<std::string>());
  }
  for (const auto& [name, value] : env->items()) {
    if (value.is_string()) spec.env[name] = value.get<std::string>();
  }
  return spec;
}

Result<> write_pids(const os::Path& folder, const ShimPids& pids) {
  Json json{{"shim", pids.shim},
            {"child", pids.child},
            {"childStart", pids.child_start},
            {"replica", pids.replica}};
  return os::write_file_quick(folder / kPidFile, to_text(json));
}

std::optional<ShimPids> read_pids(const os::Path& folder) {
  auto json = read_object(folder / kPidFile);
  if (!json) return std::nullopt;
  return ShimPids{.shim = static_cast<pid_t>(number_or(*json, "shim", 0)),
                  .child = static_cast<pid_t>(number_or(*json, "child", 0)),
                  .child_start = static_cast<std::uint64_t>(number_or(*json, "childStart", 0)),
                  .replica = static_cast<pid_t>(number_or(*json, "replica", 0))};
}

Result<> write_stop(const os::Path& folder, Milliseconds grace) {
  return os::write_file_quick(folder / kStopFile, to_text(Json{{"graceMs", grace.count()}}));
}

std::optional<Milliseconds> read_stop(const os::Path& folder) {
  auto json = read_object(folder / kStopFile);
  if (!json) return std::nullopt;
  return Milliseconds(number_or(*json, "graceMs", 0));
}

Result<> write_exit(const os::Path& folder, const ReplicaExit& exit, WallTime time) {
  Json json{{"code", exit.code},   {"signal", exit.signal}, {"outOfMemory", exit.out_of_memory},
            {"asked", exit.asked}, {"text", exit.text()},   {"time", format_iso(time)}};
  return os::write_file_atomic(folder / kExitFile, to_text(json));
}

std::optional<ReplicaExit> read_exit(const os::Path& folder) {
  auto json = read_object(folder / kExitFile);
  if (!json) return std::nullopt;
  return ReplicaExit{.code = static_cast<int>(number_or(*json, "code", 0)),
                     .signal = static_cast<int>(number_or(*json, "signal", 0)),
                     .out_of_memory = flag(*json, "outOfMemory"),
                     .asked = flag(*json, "asked")};
}

}  // namespace tidegate::backend::local
