// The HTTP layer alone: what one thread spends on a request, without routing, keys or logs.
//
//   bench_http_echo --listen tcp:127.0.0.1:9000                       answers with the request's
//   body bench_http_echo --listen tcp:127.0.0.1:9000 --upstream unix:/x    forwards both ways
//
// On SIGTERM prints the CPU time it used per request, in microseconds.

#include <sys/resource.h>

#include <csignal>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "http/listen.h"
#include "http/server.h"
#include "http/upstream.h"

namespace tidegate::http {
namespace {

Loop* stopped_by_signal = nullptr;

class Echo final : public RequestHandler {
 public:
  void on_request(ServerCall& call) override {
    ++requests;
    call.read_body({}, [&call](Result<Body> body) {
      Reply reply;
      if (body.has_value()) reply.body = body->memory();
      call.reply(std::move(reply));
    });
  }
  std::uint64_t requests = 0;
};

// One request on its way; used again for the next one.
class Exchange final : public UpstreamHandler {
 public:
  explicit Exchange(std::vector<Exchange*>& free) : free_(free) {}

  void begin(Upstream& upstream, ServerCall& call) {
    call_ = &call;
    call.on_gone([this] { finish(); });
    call.read_body({}, [this, &upstream](Result<Body> body) {
      if (!body.has_value()) return refuse(400);
      body_ = std::move(*body);
      write_head();
      upstream_call_ = upstream.send(head_, body_, *this);
    });
  }

  void on_head(const ResponseHead& head) override {
    call_->begin_reply(head, "X-Request-Id: 1\r\n", head.content_length);
  }
  void on_body(std::string_view bytes) override { call_->write(bytes); }
  void on_done() override {
    call_->end_reply();
    finish();
  }
  void on_failure(UpstreamFailure, std::string_view) override { refuse(502); }

 private:
  void write_head() {
    const RequestHead& request = call_->head();
    head_.clear();
    head_.append(request.method).append(" ").append(request.target).append(" HTTP/1.1\r\n");
    for (const HeaderView& header : request.headers) {
      if (is_hop_by_hop(header.name) || equal_names(header.name, "Content-Length")) continue;
      head_.append(header.name).append(": ").append(header.value).append("\r\n");
    }
    head_ += fmt::format("Content-Length: {}\r\n\r\n", body_.size());
  }
  void refuse(int status) {
    Reply reply;
    reply.status = status;
    call_->reply(std::move(reply));
    finish();
  }
  void finish() {
    upstream_call_.reset();
    call_ = nullptr;
    free_.push_back(this);
  }

  std::vector<Exchange*>& free_;
  ServerCall* call_ = nullptr;
  std::unique_ptr<UpstreamCall> upstream_call_;
  Body body_;
  std::string head_;
};

class Forward final : public RequestHandler {
 public:
  explicit Forward(Upstream& upstream) : upstream_(upstream) {}
  void on_request(ServerCall& call) override {
    ++requests;
    if (free_.empty()) {
      all_.push_back(std::make_unique<Exchange>(free_));
      free_.push_back(all_.back().get());
    }
    Exchange* exchange = free_.back();
    free_.pop_back();
    exchange->begin(upstream_, call);
  }
  std::uint64_t requests = 0;

 private:
  Upstream& upstream_;
  std::vector<std::unique_ptr<Exchange>> all_;
  std::vector<Exchange*> free_;
};

Result<std::uint64_t> serve(Loop& loop, RequestHandler& handler, const std::uint64_t& requests,
                            const std::string& listen) {
  TIDEGATE_TRY(const Address address, Address::parse(listen));
  TIDEGATE_TRY(auto listener, listen_on(address, {}));
  Server server(loop, handler, {.idle_timeout = Milliseconds(0)});
  TIDEGATE_TRY_VOID(server.add_listener(std::move(listener)));
  loop.run();
  return requests;
}

Result<std::uint64_t> run(std::map<std::string, std::string>& flags) {
  Loop loop;
  stopped_by_signal = &loop;
  std::signal(SIGTERM, [](int) { stopped_by_signal->stop(); });
  if (flags["--upstream"].empty()) {
    Echo echo;
    return serve(loop, echo, echo.requests, flags["--listen"]);
  }
  TIDEGATE_TRY(const Address target, Address::parse(flags["--upstream"]));
  Upstream upstream(loop, target, {});
  Forward forward(upstream);
  return serve(loop, forward, forward.requests, flags["--listen"]);
}

double cpu_microseconds() {
  rusage usage{};
  ::getrusage(RUSAGE_SELF, &usage);
  return static_cast<double>(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * 1e6 +
         static_cast<double>(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec);
}

}  // namespace
}  // namespace tidegate::http

int main(int argc, char** argv) {
  std::map<std::string, std::string> flags{{"--listen", "tcp:127.0.0.1:0"}};
  for (int i = 1; i + 1 < argc; i += 2) flags[argv[i]] = argv[i + 1];
  const double before = tidegate::http::cpu_microseconds();
  const auto requests = tidegate::http::run(flags);
  if (!requests) {
    fmt::print(stderr, "bench_http_echo: {}\n", requests.error().message);
    return 1;
  }
  const double used = tidegate::http::cpu_microseconds() - before;
  const auto count = static_cast<double>(*requests);
  fmt::print("requests={} cpu_us_per_request={:.2f}\n", *requests, count > 0 ? used / count : 0);
  return 0;
}
