// What the tests of http share: a loop on a thread of its own, and raw sockets that block (but not
// for ever).
#pragma once

#include <future>
#include <string>
#include <string_view>
#include <thread>
#include <type_traits>

#include "http/listen.h"
#include "http/loop.h"
#include "http/server.h"
#include "os/fd.h"

namespace tidegate::http {

class LoopThread {
 public:
  LoopThread();
  ~LoopThread();  // stops; objects of the loop must be gone

  // Runs on the loop's thread and waits for the result.
  template <class F>
  auto run(F work) -> std::invoke_result_t<F> {
    using Value = std::invoke_result_t<F>;
    // Shared: the loop's thread may still be inside set_value() when we have the value.
    auto promise = std::make_shared<std::promise<Value>>();
    auto future = promise->get_future();
    loop.post([promise, &work] {
      if constexpr (std::is_void_v<Value>) {
        work();
        promise->set_value();
      } else {
        promise->set_value(work());
      }
    });
    return future.get();
  }

  Loop loop;

 private:
  std::thread thread_;
};

// A folder that is gone with the object.
class TempFolder {
 public:
  TempFolder();
  ~TempFolder();
  const os::Path& path() const { return path_; }

 private:
  os::Path path_;
};

// A raw peer. All reads give up after twenty seconds.
class RawSocket {
 public:
  explicit RawSocket(os::UniqueFd fd);
  static RawSocket connect_to(const Address& address);
  static RawSocket accept_from(int listener);

  void send(std::string_view bytes);
  void send_in_pieces(std::string_view bytes, std::size_t piece);
  void send_what_fits(std::string_view bytes);
  void stop_sending();  // shutdown(SHUT_WR)
  void close() { fd_.reset(); }
  void reset();  // closes with a reset (tcp)

  std::string read_until(std::string_view end);  // what was read, including it; shorter at the end
  std::string read_bytes(std::size_t count);
  std::string read_to_end();
  bool at_end();                                 // waits for it
  bool was_reset() const { return was_reset_; }  // how the end came
  // For a socket that was made but not connected (descriptors may be scarce).
  void connect_again(const Address& address);
  static bool can_connect(const Address& address);
  int fd() const { return fd_.get(); }

 private:
  bool read_more();
  os::UniqueFd fd_;
  std::string buffer_;
  bool was_reset_ = false;
};

// A reply as text, without its Date line (which is checked to be there once).
std::string without_date(std::string_view reply);

// The address that a listener on port 0 got.
Address address_of(const os::UniqueFd& listener);
os::UniqueFd listen_anywhere();
std::string read_file_of_test(std::string_view relative_path);

}  // namespace tidegate::http
