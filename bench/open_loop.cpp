// Open-loop HTTP/1.1 load on loopback: requests leave by a schedule, whether or not earlier ones
// were answered, so that a slow server cannot slow its own load down. The schedule is that of
// independent callers (a Poisson process, the same one each time): requests at even distances never
// meet, and would hide every queue. Latency counts from the moment a request was due. Every failure
// is counted, nothing is tried again. Ends by itself.
// `--rate 0` is the one closed loop: each connection sends as soon as it is answered, to find out
// what a server can do at most; its latencies say nothing.
//
//   open_loop --port P --path /score --rate 2000 --seconds 5 [--connections 16] [--header 'K:
//   V']...
//             [--body-bytes N | --body-file F] [--expect-file F]
// Prints one JSON line: sent, ok, status counts, failures, p50/p90/p99/max in ms, and how long it
// took. With --expect-file a reply with another body is `wrong`, not `ok`.

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <deque>
#include <fstream>
#include <iterator>
#include <map>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include <fmt/format.h>

namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::duration_cast;
using std::chrono::nanoseconds;

struct Options {
  std::uint16_t port = 0;
  std::string path = "/";
  std::string headers;
  std::string body;
  std::string expected;  // empty: any body will do
  double rate = 1000;    // per second; 0: as fast as replies come
  double seconds = 5;
  std::size_t connections = 16;
};

struct Totals {
  std::uint64_t sent = 0;
  std::uint64_t ok = 0;
  std::uint64_t wrong = 0;  // another body than was expected
  std::uint64_t connect_errors = 0;
  std::uint64_t broken = 0;      // closed before the whole reply
  std::uint64_t unanswered = 0;  // still open two seconds after the last request
  std::map<int, std::uint64_t> statuses;
  std::vector<std::uint32_t> latencies_us;
  double seconds = 0;  // from the first request to the last reply
};

// One kept connection with at most one request on it.
struct Connection {
  int fd = -1;
  bool busy = false;
  Clock::time_point due;
  std::string in;
};

std::string request_text(const Options& options) {
  return fmt::format(
      "POST {} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n{}"
      "Content-Length: {}\r\n\r\n{}",
      options.path, options.headers, options.body.size(), options.body);
}

struct Reply {
  int status = 0;  // 0: more bytes are needed; -1: nothing we understand
  bool closes = false;
  std::string body;
};

// The chunks at the front of `in`, joined. False if they are not all there; `size` is their length.
bool join_chunks(std::string_view in, std::string& body, std::size_t& size) {
  std::size_t at = 0;
  while (true) {
    auto end = in.find("\r\n", at);
    if (end == std::string_view::npos) return false;
    std::size_t length = std::strtoull(in.data() + at, nullptr, 16);
    if (in.size() < end + 2 + length + 2) return false;
    body.append(in.substr(end + 2, length));
    at = end + 2 + length + 2;
    if (length == 0) break;  // no trailers: the servers under test send none
  }
  size = at;
  return true;
}

// Takes the reply at the front of `in` once it is whole.
Reply take_reply(std::string& in) {
  auto end = in.find("\r\n\r\n");
  if (end == std::string::npos) return {};
  if (!in.starts_with("HTTP/1.1 ")) return {.status = -1, .closes = true, .body = {}};
  std::string head = in.substr(0, end + 2);
  std::transform(head.begin(), head.end(), head.begin(),
                 [](unsigned char c) { return std::tolower(c); });
  Reply reply{.status = std::atoi(in.c_str() + 9),
              .closes = head.find("\r\nconnection: close\r\n") != std::string::npos,
              .body = {}};
  std::size_t size = 0;
  if (auto at = head.find("\r\ncontent-length:"); at != std::string::npos) {
    size = std::strtoull(head.c_str() + at + 17, nullptr, 10);
    if (in.size() < end + 4 + size) return {};
    reply.body = in.substr(end + 4, size);
  } else if (head.find("\r\ntransfer-encoding: chunked\r\n") != std::string::npos) {
    if (!join_chunks(std::string_view(in).substr(end + 4), reply.body, size)) return {};
  } else {
    return {.status = -1, .closes = true, .body = {}};
  }
  in.erase(0, end + 4 + size);
  return reply;
}

class Load {
 public:
  explicit Load(Options options) : options_(std::move(options)), request_(request_text(options_)) {}

  Totals run() {
    epoll_ = ::epoll_create1(EPOLL_CLOEXEC);
    ::prctl(PR_SET_TIMERSLACK, 1);  // ns; the default of 50 us would be charged to the server
    connections_.resize(options_.connections);
    for (Connection& connection : connections_) open(connection);
    start_ = next_due_ = Clock::now();
    const std::uint64_t total = options_.rate == 0
                                    ? UINT64_MAX
                                    : static_cast<std::uint64_t>(options_.rate * options_.seconds);
    const auto last = start_ + seconds(options_.seconds);
    const auto give_up = last + std::chrono::seconds(2);
    std::uint64_t next = 0;
    auto more = [&](Clock::time_point now) {
      return next < total && (options_.rate != 0 || now < last);
    };
    for (auto now = start_; now < give_up && (more(now) || busy_ > 0 || !waiting_.empty());
         now = Clock::now()) {
      for (; more(now) && due(now) <= now; ++next) {
        waiting_.push_back(due(now));
        if (options_.rate != 0) next_due_ += seconds(gap_(random_) / options_.rate);
      }
      send_waiting();
      auto until = more(now) && options_.rate != 0 ? due(now) : now + kPatience;
      poll(std::max<std::int64_t>(0, duration_cast<nanoseconds>(until - Clock::now()).count()));
    }
    totals_.unanswered = busy_ + waiting_.size();
    totals_.sent += waiting_.size();
    totals_.seconds = std::chrono::duration<double>(Clock::now() - start_).count();
    return std::move(totals_);
  }

 private:
  static constexpr auto kPatience = std::chrono::milliseconds(50);

  static nanoseconds seconds(double count) {
    return duration_cast<nanoseconds>(std::chrono::duration<double>(count));
  }

  // Of the next request. In the closed loop: now, if a connection is free for it.
  Clock::time_point due(Clock::time_point now) const {
    if (options_.rate != 0) return next_due_;
    return waiting_.size() + busy_ < connections_.size() ? now : Clock::time_point::max();
  }

  bool open(Connection& connection) {
    connection = {
        .fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), .busy = false, .due = {}, .in = {}};
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(options_.port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (::connect(connection.fd, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) {
      ::close(connection.fd);
      connection.fd = -1;
      return false;
    }
    int on = 1;
    ::setsockopt(connection.fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    ::fcntl(connection.fd, F_SETFL, O_NONBLOCK);
    epoll_event event{.events = EPOLLIN, .data = {.ptr = &connection}};
    ::epoll_ctl(epoll_, EPOLL_CTL_ADD, connection.fd, &event);
    return true;
  }

  void send_waiting() {
    for (Connection& connection : connections_) {
      if (waiting_.empty()) return;
      if (connection.busy) continue;
      ++totals_.sent;
      Clock::time_point due = waiting_.front();
      waiting_.pop_front();
      if (connection.fd < 0 && !open(connection)) {
        ++totals_.connect_errors;
        continue;
      }
      connection.due = due;
      if (::send(connection.fd, request_.data(), request_.size(), MSG_NOSIGNAL) !=
          static_cast<ssize_t>(request_.size())) {
        fail(connection);
        continue;
      }
      connection.busy = true;
      ++busy_;
    }
  }

  void poll(std::int64_t wait_ns) {
    epoll_event events[64];
    timespec wait{.tv_sec = wait_ns / 1'000'000'000, .tv_nsec = wait_ns % 1'000'000'000};
    int count = ::epoll_pwait2(epoll_, events, 64, &wait, nullptr);
    for (int i = 0; i < count; ++i) receive(*static_cast<Connection*>(events[i].data.ptr));
  }

  void receive(Connection& connection) {
    char buffer[1 << 16];
    ssize_t n = ::recv(connection.fd, buffer, sizeof buffer, 0);
    if (n < 0 && errno == EAGAIN) return;
    if (n <= 0) return fail(connection);
    connection.in.append(buffer, static_cast<std::size_t>(n));
    Reply reply = take_reply(connection.in);
    if (reply.status == 0) return;
    if (reply.status < 0 || !connection.busy) return fail(connection);
    ++totals_.statuses[reply.status];
    bool right = options_.expected.empty() || reply.body == options_.expected;
    if (!right) ++totals_.wrong;
    if (right && reply.status < 400) ++totals_.ok;
    totals_.latencies_us.push_back(static_cast<std::uint32_t>(
        duration_cast<std::chrono::microseconds>(Clock::now() - connection.due).count()));
    connection.busy = false;
    --busy_;
    // A server that keeps no connections costs one for each request; that is no failure.
    if (reply.closes) fail(connection);
  }

  void fail(Connection& connection) {
    if (connection.busy) {
      ++totals_.broken;
      --busy_;
    }
    ::close(connection.fd);
    connection.fd = -1;
    connection.busy = false;
  }

  Options options_;
  std::string request_;
  int epoll_ = -1;
  Clock::time_point start_;
  Clock::time_point next_due_;
  std::mt19937_64 random_{20261130};
  std::exponential_distribution<> gap_;  // mean 1
  std::vector<Connection> connections_;
  std::deque<Clock::time_point> waiting_;  // due, not sent for want of a free connection
  std::size_t busy_ = 0;
  Totals totals_;
};

double percentile_ms(std::vector<std::uint32_t>& sorted, double part) {
  if (sorted.empty()) return 0;
  auto at = static_cast<std::size_t>(part * static_cast<double>(sorted.size() - 1));
  return sorted[at] / 1000.0;
}

void print(Totals totals) {
  std::sort(totals.latencies_us.begin(), totals.latencies_us.end());
  std::string statuses;
  for (auto [status, count] : totals.statuses) {
    statuses += fmt::format("{}\"{}\": {}", statuses.empty() ? "" : ", ", status, count);
  }
  fmt::print(
      "{{\"sent\": {}, \"ok\": {}, \"statuses\": {{{}}}, \"connect_errors\": {}, \"broken\": {}, "
      "\"wrong\": {}, \"unanswered\": {}, \"seconds\": {:.3f}, \"p50_ms\": {:.3f}, \"p90_ms\": "
      "{:.3f}, \"p99_ms\": {:.3f}, "
      "\"max_ms\": {:.3f}}}\n",
      totals.sent, totals.ok, statuses, totals.connect_errors, totals.broken, totals.wrong,
      totals.unanswered, totals.seconds, percentile_ms(totals.latencies_us, 0.5),
      percentile_ms(totals.latencies_us, 0.9), percentile_ms(totals.latencies_us, 0.99),
      percentile_ms(totals.latencies_us, 1));
}

std::string read_file(const char* path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

bool parse(int argc, char** argv, Options& options) {
  for (int i = 1; i + 1 < argc; i += 2) {
    std::string_view flag = argv[i];
    const char* value = argv[i + 1];
    if (flag == "--port")
      options.port = static_cast<std::uint16_t>(std::atoi(value));
    else if (flag == "--path")
      options.path = value;
    else if (flag == "--rate")
      options.rate = std::atof(value);
    else if (flag == "--seconds")
      options.seconds = std::atof(value);
    else if (flag == "--connections")
      options.connections = std::strtoull(value, nullptr, 10);
    else if (flag == "--header")
      options.headers += fmt::format("{}\r\n", value);
    else if (flag == "--body-bytes")
      options.body.assign(std::strtoull(value, nullptr, 10), 'x');
    else if (flag == "--body-file")
      options.body = read_file(value);
    else if (flag == "--expect-file")
      options.expected = read_file(value);
    else
      return false;
  }
  return argc % 2 == 1 && options.port != 0 && options.rate >= 0 && options.connections > 0;
}

}  // namespace

int main(int argc, char** argv) {
  Options options;
  if (!parse(argc, argv, options)) {
    fmt::print(stderr,
               "usage: open_loop --port P --path /score --rate N --seconds S [--connections N] "
               "[--header 'K: V'] [--body-bytes N | --body-file F] [--expect-file F]\n");
    return 2;
  }
  print(Load(std::move(options)).run());
  return 0;
}
