#include "cli/follow.h"

#include <set>

#include <fmt/format.h>

namespace tidegate::cli {
namespace {

// A server that restarts is back within a second or two.
constexpr Milliseconds kPatience{30'000};

// Often at first, for the deployment that takes a second; seldom for the build that takes minutes.
Milliseconds pause_after(Milliseconds elapsed) {
  if (elapsed < Milliseconds(5'000)) return Milliseconds(100);
  if (elapsed < Milliseconds(30'000)) return Milliseconds(300);
  return Milliseconds(1'000);
}

// How these begin in the log of an operation. The error is told at the end, with all that belongs
// to it.
constexpr std::string_view kWarningMark = "WARNING: ";
constexpr std::string_view kErrorMark = "ERROR: ";
// A replica's own log, which the error has what matters of.
constexpr std::string_view kQuoteMark = "| ";

// "init() of replica r (3 s)" -> "init() of replica r": the seconds stand beside it anyway.
std::string without_seconds(std::string text) {
  auto open = text.rfind(" (");
  if (open == std::string::npos || !text.ends_with(" s)")) return text;
  std::string_view number = std::string_view(text).substr(open + 2, text.size() - open - 5);
  bool is_number = number.find_first_not_of("0123456789") == std::string_view::npos;
  return is_number ? text.substr(0, open) : text;
}

bool is_final(std::string_view state) {
  return state != "NotStarted" && state != "Running";
}

std::string interrupt_hint(const FollowOptions& options) {
  std::string hint = fmt::format("follow it with `{}`", options.how_to_go_on);
  if (!options.how_to_cancel.empty()) {
    hint += fmt::format("; `{}` cancels it", options.how_to_cancel);
  }
  return hint;
}

class Follower {
 public:
  Follower(Api& api, Context& context, const std::string& operation, const FollowOptions& options)
      : api_(api), context_(context), options_(options), path_("operations/" + operation) {}

  Result<Json> run() {
    MonoTime begin = context_.clock.mono();
    MonoTime last_answer = begin;
    for (;;) {
      auto operation = look();
      MonoTime now = context_.clock.mono();
      if (operation && is_final(text_or(*operation, "state", "")))
        return finish(std::move(*operation));
      if (operation) last_answer = now;
      bool is_cancelled = !operation && operation.error().code == Code::cancelled;
      if (is_cancelled) return interrupted();
      if (!operation && !may_wait(operation.error(), now - last_answer)) {
        context_.console.end_live();
        return std::unexpected(operation.error());
      }
      auto elapsed = std::chrono::duration_cast<Milliseconds>(now - begin);
      show_wait(operation ? &*operation : nullptr, elapsed);
      if (!context_.waiter.wait(pause_after(elapsed))) return interrupted();
    }
  }

 private:
  Result<Json> look() {
    TIDEGATE_TRY(Json operation, api_.get(management(path_)));
    show_warnings(operation);
    TIDEGATE_TRY_VOID(show_log());
    return operation;
  }

  static bool may_wait(const Error& error, MonoTime::duration silent) {
    bool passes = error.code == Code::unavailable || error.code == Code::timed_out;
    return passes && silent < kPatience;
  }

  // Entries are `yyyymmddHHMMSS|text`, one per line.
  Result<> show_log() {
    std::string url = management(fmt::format("{}/log?format=lines&offset={}", path_, log_offset_));
    TIDEGATE_TRY(auto response, api_.send({.url = url}));
    if (!response.ok()) return {};  // a log that cannot be had must not end the wait
    // The last line may still be written: it is shown when it is whole.
    auto whole = response.body.rfind('\n');
    if (whole == std::string::npos) return {};
    log_offset_ += whole + 1;
    std::string_view text = std::string_view(response.body).substr(0, whole + 1);
    while (!text.empty()) {
      std::string_view line = text.substr(0, text.find('\n'));
      text.remove_prefix(line.size() + 1);
      show_line(line);
    }
    return {};
  }

  void show_line(std::string_view line) {
    bool has_time = line.size() > 14 && line[14] == '|' &&
                    line.substr(0, 14).find_first_not_of("0123456789") == std::string_view::npos;
    if (has_time) line.remove_prefix(15);
    if (line.starts_with(kWarningMark)) {
      warn_once(std::string(line.substr(kWarningMark.size())));
    } else if (!line.starts_with(kErrorMark) && !line.starts_with(kQuoteMark)) {
      context_.console.say(line);
    }
  }

  void show_warnings(const Json& operation) {
    const Json* tidegate = find_member(operation, "tidegate");
    const Json* warnings = tidegate == nullptr ? nullptr : find_member(*tidegate, "warnings");
    for (std::size_t i = 0; warnings != nullptr && warnings->is_array() && i < warnings->size();
         ++i) {
      warn_once(message_of((*warnings)[i]));
    }
  }

  // The server names keys as in the request ("environmentImageRequest.environment.pyton: ..."), we
  // named them as in the file.
  bool was_said(std::string_view text) const {
    for (const domain::Complaint& complaint : options_.said) {
      std::string_view key = complaint.where;
      key = key.substr(key.find_last_of(". ") + 1);
      if (text.ends_with(fmt::format("{}: {}", key, complaint.what))) return true;
    }
    return false;
  }

  void warn_once(const std::string& text) {
    if (warned_.insert(text).second && !was_said(text)) context_.console.warn(text);
  }

  void show_wait(const Json* operation, Milliseconds elapsed) {
    std::string what = "waiting for the server to answer again";
    if (operation != nullptr) {
      const Json* tidegate = find_member(*operation, "tidegate");
      what = tidegate == nullptr ? "" : without_seconds(text_or(*tidegate, "waitingFor", ""));
      if (what.empty()) what = "waiting for " + options_.what;
    }
    context_.console.live(what, fmt::format("{} s", elapsed.count() / 1000));
  }

  Result<Json> finish(Json operation) {
    // What was written between the last look at the log and the end.
    Result<> shown = show_log();
    context_.console.end_live();
    std::string state = text_or(operation, "state", "");
    if (state == "Succeeded") return operation;
    Code code = state == "Cancelled" ? Code::conflict : Code::invalid;
    const Json* error = find_member(operation, "error");
    std::string cause = error == nullptr ? "" : message_of(*error);
    if (!cause.empty()) return fail(code, std::move(cause));
    return fail(code, fmt::format("{} ended as {}", options_.what, state));
  }

  Result<Json> interrupted() {
    context_.console.end_live();
    return fail(Code::cancelled, fmt::format("stopped waiting; {} goes on\nhint: {}", options_.what,
                                             interrupt_hint(options_)));
  }

  Api& api_;
  Context& context_;
  const FollowOptions& options_;
  std::string path_;
  std::size_t log_offset_ = 0;
  std::set<std::string> warned_;
};

}  // namespace

Result<fetch::Response> begin(Api& api, Context& context, fetch::Request request,
                              const FollowOptions& options) {
  context.waiter.watch();
  auto response = api.send(std::move(request));
  if (response || response.error().code != Code::cancelled) return response;
  return fail(Code::cancelled, fmt::format("stopped while it was sent; {} may have begun\nhint: {}",
                                           options.what, interrupt_hint(options)));
}

Result<Json> follow(Api& api, Context& context, const std::string& operation,
                    const FollowOptions& options) {
  return Follower(api, context, operation, options).run();
}

std::string operation_of(const fetch::Response& response) {
  if (auto location = response.header("Operation-Location")) {
    std::string path = location->substr(0, location->find('?'));
    return path.substr(path.rfind('/') + 1);
  }
  Result<Json> body = parse_json(response.body, "reply");
  return body ? text_or(*body, "operationId", "") : "";
}

}  // namespace tidegate::cli
