// A listening socket on a loop. Not for other folders.
#pragma once

#include "http/sockaddr.h"
#include "http/socket.h"

namespace tidegate::http {

class Listener final : public Socket {
 public:
  class Owner {
   public:
    virtual bool wants_connection() const = 0;
    // A connection waits that is not wanted. Accepting stops until resume().
    virtual void on_no_place() {}
    virtual void on_accepted(os::UniqueFd fd, const SocketAddress& peer) = 0;
    // Out of descriptors or memory. Accepting stops until resume(): the listener stays readable, so
    // asking again at once would only burn the core that could close connections.
    virtual void on_accept_failed(int error) = 0;

   protected:
    ~Owner() = default;
  };

  Listener(Loop::Impl& loop, Owner& owner) : Socket(loop), owner_(owner) {}
  bool start(os::UniqueFd fd) {
    if (!attach(std::move(fd))) return false;
    resume();
    return true;
  }
  void resume() { watch_readable(); }
  void stop() { close(); }

 private:
  void on_readable() override;
  Owner& owner_;
};

}  // namespace tidegate::http
