#include "unit/router/harness.h"

#include <chrono>

#include <gtest/gtest.h>

#include "base/json.h"
#include "os/sha256.h"
#include "table/table_file.h"

namespace tidegate::router {

table::Table one_service(const std::vector<const FakeReplica*>& replicas) {
  table::Version version{.id = "diabetes.1", .name = "v1", .replicas = {}};
  for (const FakeReplica* replica : replicas) {
    version.replicas.push_back({.id = replica->id(), .address = replica->address()});
  }
  table::Service service{.workspace = "default",
                         .name = "diabetes",
                         .auth_enabled = true,
                         .key_sha256 = {os::sha256("another"), os::sha256(kKey)},
                         .versions = {version}};
  return {.version = 1, .services = {service}};
}

table::Version& only_version(table::Table& table) {
  return table.services.at(0).versions.at(0);
}

Harness::Harness(const table::Table& table, HarnessOptions options) {
  EXPECT_TRUE(table::write_table(table_path(), table).has_value());
  std::vector<os::UniqueFd> listeners;
  address_ = http::Address::parse("tcp:127.0.0.1:0").value();
  for (unsigned i = 0; i < options.cores; ++i) {
    listeners.push_back(std::move(http::listen_on(address_, {.reuse_port = true}).value()));
    address_ = http::address_of(listeners.back());
  }
  router_ = std::make_unique<Router>(
      RouterOptions{.table_path = options.reads_table ? table_path() : os::Path(),
                    .link_path = options.with_link ? link_path() : os::Path(),
                    .access_log = folder_ / "access.log",
                    .spill_folder = folder_.path(),
                    .cores = options.cores,
                    .body_max_bytes = options.body_max_bytes,
                    .waiting_max = options.waiting_max,
                    .drain_delay = options.drain_delay,
                    .drain_timeout = options.drain_timeout,
                    .link_token = Secret(options.link_token),
                    .exit_text = options.exit_text,
                    .exit_wait = options.exit_wait},
      clock_, random_, std::move(listeners));
  thread_ = std::thread([this] { EXPECT_TRUE(router_->run().has_value()); });
}

Harness::~Harness() {
  stop();
  wait_until_stopped();
}

void Harness::wait_until_stopped() {
  if (thread_.joinable()) thread_.join();
}

std::string Harness::access_log() const {
  return os::read_file(folder_ / "access.log").value();
}

std::string Harness::metrics() const {
  return ask(*this, {.method = "GET", .path = "/metrics", .headers = "", .body = ""}).body;
}

bool Harness::metrics_show(const std::string& line) const {
  const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(5);
  while (std::chrono::steady_clock::now() < until) {
    if (metrics().find(line + "\n") != std::string::npos) return true;
    std::this_thread::sleep_for(Milliseconds(5));
  }
  ADD_FAILURE() << "no " << line << " in\n" << metrics();
  return false;
}

std::string Answer::header(std::string_view name) const {
  std::size_t at = head.find("\r\n");
  while (at != std::string::npos && at + 2 < head.size()) {
    const std::size_t end = head.find("\r\n", at + 2);
    const std::string_view line = std::string_view(head).substr(at + 2, end - at - 2);
    const std::size_t colon = line.find(": ");
    if (colon != std::string_view::npos && http::equal_names(line.substr(0, colon), name)) {
      return std::string(line.substr(colon + 2));
    }
    at = end;
  }
  return "";
}

std::string Answer::reason() const {
  Result<Json> json = parse_json(body, "body");
  return json ? text_or(*json, "reason", "") : "";
}

std::string text_of(const Request& request) {
  std::string text = request.method + " " + request.path + " HTTP/1.1\r\nHost: test\r\n";
  text += request.headers;
  if (!request.body.empty()) {
    text += "Content-Length: " + std::to_string(request.body.size()) + "\r\n";
  }
  return text + "\r\n" + request.body;
}

Answer read_answer(http::RawSocket& socket) {
  Answer answer;
  answer.head = socket.read_until("\r\n\r\n");
  if (answer.head.size() < 12) return answer;
  answer.status = std::stoi(answer.head.substr(9, 3));
  if (const std::string length = answer.header("Content-Length"); !length.empty()) {
    answer.body = socket.read_bytes(std::stoul(length));
  } else if (answer.header("Transfer-Encoding") == "chunked") {
    for (;;) {
      const std::size_t size = std::stoul(socket.read_until("\r\n"), nullptr, 16);
      answer.body += socket.read_bytes(size);
      socket.read_bytes(2);
      if (size == 0) break;
    }
  }
  return answer;
}

Answer ask(http::RawSocket& socket, const Request& request) {
  socket.send(text_of(request));
  return read_answer(socket);
}

Answer ask(const Harness& harness, const Request& request) {
  http::RawSocket socket = harness.connect();
  return ask(socket, request);
}

}  // namespace tidegate::router
