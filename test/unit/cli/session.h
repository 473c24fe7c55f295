#pragma once

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "cli/api.h"
#include "cli/commands.h"
#include "support/sim.h"
#include "support/temp_dir.h"

namespace tidegate::cli {

// A server of answers by "METHOD path": the longest key that the call begins with answers.
class FakeServer final : public fetch::Client {
 public:
  using Answer = std::function<fetch::Response(const fetch::Request&)>;

  void on(const std::string& call, Answer answer) { answers_[call] = std::move(answer); }
  void on(const std::string& call, int status, const Json& body, fetch::Headers headers = {}) {
    on(call, [=](const fetch::Request&) {
      return fetch::Response{
          .status = status, .headers = headers, .body = body.is_null() ? "" : to_text(body)};
    });
  }
  // Answers of several calls in turn; the last one stays.
  void on_turns(const std::string& call, std::vector<Json> bodies) {
    auto turn = std::make_shared<std::size_t>(0);
    on(call, [=](const fetch::Request&) {
      const Json& body = bodies[std::min((*turn)++, bodies.size() - 1)];
      return fetch::Response{.status = 200, .body = to_text(body)};
    });
  }

  Result<fetch::Response> send(const fetch::Request& request) override {
    requests.push_back(request);
    std::string call = call_of(request);
    Answer* best = nullptr;
    std::size_t length = 0;
    for (auto& [key, answer] : answers_) {
      if (!call.starts_with(key) || key.size() < length) continue;
      best = &answer;
      length = key.size();
    }
    if (cancelled || call == cancelled_call) return fail(Code::cancelled, "the call was cancelled");
    if (down) return fail(Code::unavailable, "nothing listens at api.sock");
    if (!away.empty() && call.starts_with(away)) return fail(Code::unavailable, "nothing listens");
    if (best == nullptr)
      return fetch::Response{.status = 404, .body = R"({"message":"no answer for )" + call + "\"}"};
    return (*best)(request);
  }

  // "POST services/validate?strict=true": workspace and API prefixes are left out.
  static std::string call_of(const fetch::Request& request) {
    std::string path = request.url;
    for (const std::string& prefix :
         {std::string("http://localhost"), management(""), artifacts(""), workspace("")}) {
      if (path.starts_with(prefix)) path.erase(0, prefix.size());
    }
    if (path.starts_with(computes(""))) path = "rp" + path.substr(computes("").size());
    return request.method + " " + path;
  }
  std::vector<std::string> calls() const {
    std::vector<std::string> out;
    for (const fetch::Request& request : requests) out.push_back(call_of(request));
    return out;
  }
  // The body of the last such call.
  Json sent(const std::string& call) const {
    for (auto request = requests.rbegin(); request != requests.rend(); ++request) {
      if (call_of(*request).starts_with(call))
        return parse_json(request->body, "body").value_or(Json());
    }
    return Json("never called");
  }

  std::vector<fetch::Request> requests;
  bool down = false;
  std::string away;  // calls that begin like this reach nobody
  bool cancelled = false;
  std::string cancelled_call;  // this one alone

 private:
  std::map<std::string, Answer> answers_;
};

// Waiting moves the clock; after `patience` waits somebody presses Ctrl-C.
class FakeWaiter final : public Waiter {
 public:
  explicit FakeWaiter(test::SimClock& clock) : clock_(clock) {}
  bool wait(Milliseconds time) override {
    clock_.advance(time);
    if (on_wait) on_wait();
    return ++waits < patience;
  }
  bool is_interrupted() override { return false; }
  void watch() override { is_watched = true; }

  bool is_watched = false;
  int waits = 0;
  int patience = 10'000;
  std::function<void()> on_wait;

 private:
  test::SimClock& clock_;
};

// One user at one shell, in a folder of its own, with a server's data folder beside it.
class Session {
 public:
  explicit Session(ConsoleOptions options = {})
      : waiter(clock),
        console([this](std::string_view text) { out += text; },
                [this](std::string_view text) { err += text; }, options) {
    std::filesystem::create_directories(folder());
    std::filesystem::create_directories(data());
    write_file(data() / "api.token", "secret-token\n");
  }

  os::Path folder() const { return std::filesystem::canonical(dir_.path()) / "work"; }
  os::Path data() const { return dir_ / "data"; }
  void write(const std::string& name, std::string_view text) { write_file(folder() / name, text); }

  int run(const std::vector<std::string>& words) {
    out.clear();
    err.clear();
    server.requests.clear();
    Context context{console, server, clock, random, waiter, data(), folder()};
    return run_command(words, context);
  }
  // "model list -l": words without quotes.
  int run(const std::string& line) {
    std::vector<std::string> words;
    std::istringstream stream(line);
    for (std::string word; stream >> word;) words.push_back(word);
    return run(words);
  }
  Json result() const { return parse_json(out, "output").value_or(Json(out)); }
  // Error output with the folder's path replaced.
  std::string said() const {
    std::string text = err;
    for (auto& [path, name] :
         {std::pair(folder().string(), "WORK"), std::pair(data().string(), "DATA")}) {
      for (auto at = text.find(path); at != std::string::npos; at = text.find(path))
        text.replace(at, path.size(), name);
    }
    return text;
  }

  FakeServer server;
  test::SimClock clock;
  test::SimRandom random{1};
  FakeWaiter waiter;
  std::string out;
  std::string err;

 private:
  static void write_file(const os::Path& path, std::string_view text) {
    std::filesystem::create_directories(path.parent_path());
    must(os::write_file_atomic(path, text).has_value());
  }
  static void must(bool done) {
    if (!done) std::abort();
  }

  test::TempDir dir_;

 public:
  Console console;
};

}  // namespace tidegate::cli
