// The real server on a real socket: pipelining, refusals, bodies that nobody reads, lingering. What
// must hold: the connection ends by itself once the client sends no more; the handler saw the same
// requests and the client the same replies, whatever pieces the bytes came in.
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <vector>

#include <fmt/format.h>

#include "fuzz/fuzz.h"
#include "http/listen.h"
#include "http/parse.h"
#include "http/server.h"
#include "support/temp_dir.h"

namespace tidegate::fuzz {
namespace {

// Above it, how much of a line fits into a connection's buffer depends on the pieces.
constexpr std::size_t kInputMax = 3000;
constexpr std::size_t kHeadMax = 600;
const http::BodyLimits kLimits{.size_max_bytes = 1000, .memory_max_bytes = 100};
constexpr std::size_t kPiecesMax = 100;  // each costs a turn of the loop
constexpr int kTurnsMax = 200'000;       // more: it hangs

class Echo final : public http::RequestHandler {
 public:
  std::string seen;

 private:
  void on_request(http::ServerCall& call) override {
    seen += fmt::format("{} {}\n", call.head().method, call.head().target);
    if (call.head().path() == "/ignore") return call.reply({.body = "ignored"});
    if (call.head().path() == "/stream") return stream(call);
    call.on_gone([this] { seen += "gone\n"; });
    call.read_body(kLimits, [this, &call](Result<http::Body> body) { on_body(call, body); });
  }

  void stream(http::ServerCall& call) {
    call.begin_reply(http::Reply{}, std::nullopt);
    call.write("one");
    call.write("two");
    call.end_reply();
  }

  void on_body(http::ServerCall& call, const Result<http::Body>& body) {
    if (body) {
      const std::string text = body->read_all().value();
      seen += text + "\n";
      return call.reply({.body = "ok"});
    }
    if (body.error().code == Code::cancelled) return;
    seen += "bad body\n";
    call.reply({.status = 400, .body = body.error().message});
  }
};

// The client's side, in turns of the server's own loop.
class Client {
 public:
  Client(http::Loop& loop, os::UniqueFd fd, std::string_view bytes, std::size_t piece)
      : loop_(loop), fd_(std::move(fd)), left_(bytes), piece_(piece) {}

  void turn() {
    TIDEGATE_CHECK(++turns_ < kTurnsMax);
    send_piece();
    if (receive()) return loop_.stop();
    loop_.post([this] { turn(); });
  }
  const std::string& got() const { return got_; }

 private:
  void send_piece() {
    const std::size_t size = std::min(piece_, left_.size());
    if (size > 0) {
      // A server that has closed already is no error.
      const ssize_t n = ::send(fd_.get(), left_.data(), size, MSG_NOSIGNAL | MSG_DONTWAIT);
      if (n < 0 && errno == EAGAIN) return;
      left_.remove_prefix(size);
    }
    if (left_.empty() && !std::exchange(sent_all_, true)) ::shutdown(fd_.get(), SHUT_WR);
  }

  bool receive() {  // true: the server has closed
    char buffer[4096];
    const ssize_t n = ::recv(fd_.get(), buffer, sizeof buffer, MSG_DONTWAIT);
    if (n > 0) got_.append(buffer, static_cast<std::size_t>(n));
    return n == 0 || (n < 0 && errno != EAGAIN);
  }

  http::Loop& loop_;
  const os::UniqueFd fd_;
  std::string_view left_;
  const std::size_t piece_;
  bool sent_all_ = false;
  int turns_ = 0;
  std::string got_;
};

struct Listening {
  Listening() : address("unix:" + (folder / "s").string()) {
    fd = http::listen_on(http::Address::parse(address).value(), {}).value();
  }
  os::UniqueFd connect() const {
    os::UniqueFd client(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_un to{.sun_family = AF_UNIX, .sun_path = {}};
    const std::string path = (folder / "s").string();
    path.copy(to.sun_path, sizeof to.sun_path - 1);
    TIDEGATE_CHECK(::connect(client.get(), reinterpret_cast<const sockaddr*>(&to), sizeof to) == 0);
    return client;
  }
  test::TempDir folder;
  std::string address;
  os::UniqueFd fd;
};

// Whether a reply is whole and well-formed; takes it off the text.
std::optional<std::string> take_reply(std::string_view& text) {
  http::HeadScanner scanner;
  TIDEGATE_CHECK(scanner.scan(text) == http::HeadScanner::Status::complete);
  http::ResponseParser parser;
  http::ResponseHead head;
  TIDEGATE_CHECK(parser.parse(text.substr(0, scanner.head_size()), head));
  text.remove_prefix(scanner.head_size());
  // Whether it is asked for depends on how soon the body comes.
  if (head.status == 100) return std::nullopt;
  // How a request is refused depends on what of it is looked at first.
  const bool refused = head.status >= 400;
  std::string told = refused ? "refused" : std::to_string(head.status);
  if (!head.keep_alive) told += " last";
  return told;
}

// No body here holds the text that heads begin with. (What requests held is in Echo::seen.)
std::vector<std::string> replies_in(std::string_view text) {
  std::vector<std::string> replies;
  while (!text.empty()) {
    if (auto reply = take_reply(text)) replies.push_back(*std::move(reply));
    const std::size_t next = text.find("HTTP/1.1 ");
    if (next == std::string_view::npos) break;
    text.remove_prefix(next);
  }
  return replies;
}

struct Told {
  std::string seen;
  std::vector<std::string> replies;
  friend bool operator==(const Told&, const Told&) = default;
};

Told play(std::string_view bytes, std::size_t piece) {
  static const Listening listening;
  http::Loop loop;
  Echo echo;
  http::Server server(loop, echo, {.head_max_bytes = kHeadMax});
  TIDEGATE_CHECK(server.add_listener(os::UniqueFd(::dup(listening.fd.get()))).has_value());
  Client client(loop, listening.connect(), bytes, piece);
  loop.post([&client] { client.turn(); });
  loop.run();
  return {.seen = echo.seen, .replies = replies_in(client.got())};
}

}  // namespace
}  // namespace tidegate::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto [piece, bytes] = tidegate::fuzz::input_of(data, size);
  if (bytes.size() > tidegate::fuzz::kInputMax) return 0;
  const auto whole = tidegate::fuzz::play(bytes, bytes.size() + 1);
  const std::size_t large_enough = std::max(piece, bytes.size() / tidegate::fuzz::kPiecesMax);
  TIDEGATE_CHECK(tidegate::fuzz::play(bytes, large_enough) == whole);
  return 0;
}
