// What is asked of a backend that keeps the count, and what is told of it.
#include <algorithm>

#include <fmt/format.h>

#include "base/log.h"
#include "control/actions/actions.h"
#include "control/operation_notes.h"

namespace tidegate::control {
namespace {

constexpr Milliseconds kRetryDelay{1'000};

void finish(Context& context, const ScaleVersion& action, const Result<>& done) {
  VersionMemory& memory = context.memory.versions[action.version_id];
  memory.scaling = false;
  context.kick();
  if (done) return;
  memory.scaled_to = -1;
  std::string failure = fmt::format("scaling {} to {} failed: {}", action.version_id, action.count,
                                    done.error().message);
  log(Level::warning, "version_not_scaled",
      {{"version", action.version_id}, {"reason", done.error().message}});
  // A cluster that is away comes back; one that refuses does so again.
  bool is_away = done.error().code == Code::unavailable || done.error().code == Code::timed_out;
  if (!is_away) note_crash(context, action.version_id, failure);
  memory.last_failure = failure;
  memory.start_after = std::max(memory.start_after, context.clock.mono() + kRetryDelay);
}

}  // namespace

void act(Context& context, const ServiceWanted& service, const ScaleVersion& action) {
  VersionMemory& memory = context.memory.versions[action.version_id];
  memory.scaling = true;
  memory.scaled_to = action.count;
  memory.scaled_at = context.clock.mono();
  note(context, operation_of(service), fmt::format("Asking for {} replica(s).", action.count));
  log(Level::info, "version_scaled", {{"version", action.version_id}, {"count", action.count}});
  bool started = context.lane.start(
      [&backend = context.backend, action] {
        return backend.scale(action.version_id, action.count);
      },
      [&context, action](const Result<>& done) { finish(context, action, done); });
  if (!started) memory.scaling = false;
}

void act(Context& context, const ServiceWanted& service, const NoteTrouble& action) {
  const backend::Trouble& trouble = action.trouble;
  context.memory.versions[action.version_id].trouble_told = text_of(trouble);
  std::string text = first_line(text_of(trouble));  // the rest is in the error or the log
  std::string about = trouble.replica_id.empty() ? "" : "pod " + trouble.replica_id + ": ";
  note(context, operation_of(service), fmt::format("{}{} {}", about, text, trouble.next_step));
  log(Level::warning, "version_in_trouble", {{"version", action.version_id}, {"reason", text}});
}

}  // namespace tidegate::control
