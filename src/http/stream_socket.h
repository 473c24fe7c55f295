// One connected byte stream. Not for other folders.
#pragma once

#include <string>
#include <string_view>

#include "http/socket.h"
#include "http/stream.h"

namespace tidegate::http {

class StreamSocket final : public Socket {
 public:
  class Owner {
   public:
    virtual void on_stream_open(StreamSocket& stream) = 0;
    virtual void on_stream_bytes(StreamSocket& stream, std::string_view bytes) = 0;
    virtual void on_stream_end(StreamSocket& stream) = 0;  // also if it never opened

   protected:
    ~Owner() = default;
  };

  StreamSocket(Loop::Impl& loop, Owner& owner, StreamId id, std::size_t unsent_max_bytes)
      : Socket(loop), owner_(&owner), id_(id), unsent_max_bytes_(unsent_max_bytes) {}

  StreamId id() const { return id_; }
  // A connected descriptor, or one whose connect() is under way: opens at the end of this turn or
  // when the connection is there.
  void start(os::UniqueFd fd, bool connecting);
  // Copies.
  void write(std::string_view bytes);
  // Closes; the owner hears nothing more.
  void abandon();

 private:
  enum class State { connecting, opening, open, broken };

  void on_readable() override;
  void on_writable() override;
  void on_deferred() override;
  void flush();
  void break_later();
  void end();

  Owner* owner_;  // null after the end
  const StreamId id_;
  const std::size_t unsent_max_bytes_;
  State state_ = State::connecting;
  std::string unsent_;
};

}  // namespace tidegate::http
