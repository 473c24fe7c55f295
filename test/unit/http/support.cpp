#include "unit/http/support.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/socket.h>

#include <fstream>
#include <sstream>

#include <gtest/gtest.h>

#include "http/sockaddr.h"

namespace tidegate::http {

namespace {
constexpr int kPatienceMs = 20'000;
}

LoopThread::LoopThread() : thread_([this] { loop.run(); }) {}

LoopThread::~LoopThread() {
  loop.stop();
  thread_.join();
}

TempFolder::TempFolder() {
  std::string name = (std::filesystem::temp_directory_path() / "tidegate-test-XXXXXX").string();
  path_ = ::mkdtemp(name.data());
}

TempFolder::~TempFolder() {
  (void)os::remove_tree(path_);
}

RawSocket::RawSocket(os::UniqueFd fd) : fd_(std::move(fd)) {}

RawSocket RawSocket::connect_to(const Address& address) {
  if (address.kind == Address::Kind::unix_socket) {
    auto path = os::UnixPath::open(address.path);
    EXPECT_TRUE(path.has_value());
    const SocketAddress target = unix_socket_address(*path);
    os::UniqueFd fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    EXPECT_EQ(::connect(fd.get(), target.get(), target.size), 0);
    return RawSocket(std::move(fd));
  }
  auto target = tcp_socket_address(address);
  EXPECT_TRUE(target.has_value());
  os::UniqueFd fd(::socket(target->family(), SOCK_STREAM | SOCK_CLOEXEC, 0));
  EXPECT_EQ(::connect(fd.get(), target->get(), target->size), 0);
  const int on = 1;
  ::setsockopt(fd.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  return RawSocket(std::move(fd));
}

void RawSocket::connect_again(const Address& address) {
  auto target = tcp_socket_address(address);
  ASSERT_TRUE(target.has_value());
  ASSERT_EQ(::connect(fd_.get(), target->get(), target->size), 0);
}

bool RawSocket::can_connect(const Address& address) {
  auto target = tcp_socket_address(address);
  os::UniqueFd fd(::socket(target->family(), SOCK_STREAM | SOCK_CLOEXEC, 0));
  return ::connect(fd.get(), target->get(), target->size) == 0;
}

RawSocket RawSocket::accept_from(int listener) {
  pollfd waiting{listener, POLLIN, 0};
  EXPECT_EQ(::poll(&waiting, 1, kPatienceMs), 1);
  os::UniqueFd fd(::accept4(listener, nullptr, nullptr, SOCK_CLOEXEC));
  EXPECT_TRUE(static_cast<bool>(fd));
  return RawSocket(std::move(fd));
}

void RawSocket::send(std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t n = ::send(fd_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (n <= 0) return;
    bytes.remove_prefix(static_cast<std::size_t>(n));
  }
}

void RawSocket::send_in_pieces(std::string_view bytes, std::size_t piece) {
  while (!bytes.empty()) {
    send(bytes.substr(0, piece));
    bytes.remove_prefix(std::min(piece, bytes.size()));
  }
}

void RawSocket::stop_sending() {
  ::shutdown(fd_.get(), SHUT_WR);
}

void RawSocket::send_what_fits(std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t n = ::send(fd_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    if (n <= 0) return;
    bytes.remove_prefix(static_cast<std::size_t>(n));
  }
}

void RawSocket::reset() {
  const ::linger at_once{.l_onoff = 1, .l_linger = 0};
  ::setsockopt(fd_.get(), SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
  fd_.reset();
}

bool RawSocket::read_more() {
  pollfd waiting{fd_.get(), POLLIN, 0};
  if (::poll(&waiting, 1, kPatienceMs) != 1) {
    ADD_FAILURE() << "nothing came; so far: " << buffer_;
    return false;
  }
  char bytes[16384];
  const ssize_t n = ::recv(fd_.get(), bytes, sizeof bytes, 0);
  was_reset_ = n < 0 && errno == ECONNRESET;
  if (n <= 0) return false;
  buffer_.append(bytes, static_cast<std::size_t>(n));
  return true;
}

std::string RawSocket::read_until(std::string_view end) {
  for (;;) {
    const std::size_t found = buffer_.find(end);
    if (found != std::string::npos) return read_bytes(found + end.size());
    if (!read_more()) return std::exchange(buffer_, "");
  }
}

std::string RawSocket::read_bytes(std::size_t count) {
  while (buffer_.size() < count && read_more()) {
  }
  std::string bytes = buffer_.substr(0, count);
  buffer_.erase(0, count);
  return bytes;
}

std::string RawSocket::read_to_end() {
  while (read_more()) {
  }
  return std::exchange(buffer_, "");
}

bool RawSocket::at_end() {
  return read_to_end().empty();
}

std::string without_date(std::string_view reply) {
  std::string text(reply);
  const std::size_t begin = text.find("Date: ");
  if (begin == std::string::npos) return text;
  return text.erase(begin, text.find("\r\n", begin) + 2 - begin);
}

Address address_of(const os::UniqueFd& listener) {
  return local_address(listener.get()).value();
}

os::UniqueFd listen_anywhere() {
  return std::move(listen_on(Address::parse("tcp:127.0.0.1:0").value(), {}).value());
}

std::string read_file_of_test(std::string_view relative_path) {
  std::ifstream file(std::string(TIDEGATE_SOURCE_DIR) + "/test/" + std::string(relative_path));
  EXPECT_TRUE(file.good()) << relative_path;
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

}  // namespace tidegate::http
