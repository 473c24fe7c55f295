// One client's connection. Not for other folders.
//
//   idle -> head -> call -> ending -> idle ...
//                             |
//                             +----> lingering -> closed
//
// idle: nothing of a request is there; head: part of one is; call: the handler has it; ending: the
// reply is complete and goes out, a rest of the request's body is thrown away; lingering: we will
// send no more, and read on so that the kernel does not answer late bytes with a reset that would
// destroy the reply on its way.
//
// Who has left? A client may close its sending direction after a request and still wait for the
// reply (shutdown(SHUT_WR), `nc -N`), so the end of what it sends means nothing while a reply is
// due. It has left when the kernel reports a hang-up or a reset. A unix peer that closes or dies
// shows as a hang-up at once. A tcp peer that closes looks like one that only stopped sending,
// until something we send is answered by a reset: such a client is noticed when the reply is
// written.
#pragma once

#include <boost/smart_ptr/intrusive_ptr.hpp>

#include "http/body_decoder.h"
#include "http/in_buffer.h"
#include "http/out_buffer.h"
#include "http/reply_head.h"
#include "http/server.h"
#include "http/sockaddr.h"
#include "http/socket.h"

namespace tidegate::http {

class ServerConnection;

// An unread body up to this size is thrown away to keep the connection; a larger one ends it.
constexpr std::uint64_t kDiscardMax = 64UL << 10;

// What connections need from their server.
struct ServerShared {
  virtual void on_closed(ServerConnection& connection) = 0;

  RequestHandler& handler;
  ServerOptions options;
  bool draining = false;
  std::uint64_t next_call_id = 0;

 protected:
  ServerShared(RequestHandler& request_handler, ServerOptions server_options)
      : handler(request_handler), options(std::move(server_options)) {}
  ~ServerShared() = default;
};

class ServerConnection final : public Socket, private ServerCall, private Deadline::Owner {
 public:
  ServerConnection(Loop::Impl& loop, ServerShared& server, const SocketAddress& peer);

  // False: the descriptor could not be watched and was closed.
  bool start(os::UniqueFd fd);
  // The server drains: closes if nothing is going on, else after the next reply.
  void drain();
  // Since when it waits for a request; nullopt: it does not.
  std::optional<MonoTime> idle_since() const;
  // Closes, for the sake of another, unless a request has arrived.
  void make_room();
  // The server goes away. A handler that is still busy hears on_gone.
  void shut_down();

  std::size_t index = 0;  // the server's list

 private:
  enum class Phase { idle, head, call, ending, lingering, closed };
  enum class BodyState { unread, reading, finished };
  enum class ReplyState { none, begun, ended };
  using Ref = boost::intrusive_ptr<ServerConnection>;

  // server_connection.cpp: from bytes to calls and back to idle
  void on_readable() override;
  void on_hangup() override { leave(); }
  void on_deferred() override;
  void on_deadline(const Deadline& which) override;
  void on_end_of_input();
  void serve_buffered();
  bool serve_one();
  void start_call(std::size_t head_size);
  void refuse(int status, std::string_view reason);
  void append_refusal(int status, std::string_view reason);
  void continue_after_reply();
  bool discard_body();
  void next_request();
  void watch_input();
  void linger();
  void read_lingering();
  void close_now();
  void leave();
  void end_call();

  // server_body.cpp: the request's body
  void read_body(const BodyLimits& limits,
                 std::move_only_function<void(Result<Body>)> done) override;
  void read_body_bytes();
  bool take_body(std::string_view bytes);
  void feed_body();
  void finish_body(Result<Body> result);
  void body_timed_out();

  // server_reply.cpp: the reply
  const RequestHead& head() const override { return head_; }
  std::string_view peer() const override;
  std::uint64_t id() const override { return call_id_; }
  void reply(Reply reply) override;
  void begin_reply(const Reply& head, std::optional<std::uint64_t> content_length) override;
  void begin_reply(const ResponseHead& head, std::string_view extra_header_lines,
                   std::optional<std::uint64_t> content_length) override;
  std::size_t write(std::string_view bytes) override;
  void on_drained(std::size_t below_bytes, Task task) override;
  void end_reply() override;
  void abort() override;
  void on_gone(Task task) override { on_gone_ = std::move(task); }
  void on_writable() override;
  ReplyFraming begin_framing(int status, std::optional<std::uint64_t> content_length);
  void append_piece(std::string_view bytes);
  void append_or_flush(std::string_view bytes);
  void flush(std::string_view more = {});
  void run_on_drained();

  ServerShared* server_;  // null: gone
  SocketAddress peer_;
  mutable std::string peer_text_;
  Phase phase_ = Phase::idle;
  MonoTime idle_since_;
  Deadline read_deadline_;
  Deadline write_deadline_;
  InBuffer in_;
  OutBuffer out_;
  HeadScanner scanner_;
  RequestParser parser_;
  bool serving_ = false;         // in serve_buffered(): do not begin it again
  bool end_of_input_ = false;    // the client sends no more
  bool output_broken_ = false;   // and takes no more
  bool output_blocked_ = false;  // on_writable() will come
  bool close_after_reply_ = false;
  bool refused_ = false;  // what the client sends is not understood, so it may go on

  // The call
  std::uint64_t call_id_ = 0;
  RequestHead head_;
  Task on_gone_;
  Ref self_;  // a handler without on_gone keeps the call of a client that has left

  BodyDecoder<RequestParser> decoder_;
  BodyState body_state_ = BodyState::unread;
  Body body_;
  BodyLimits limits_;
  std::move_only_function<void(Result<Body>)> body_done_;
  bool continue_sent_ = false;
  std::uint64_t discarded_ = 0;

  ReplyState reply_state_ = ReplyState::none;
  bool reply_has_body_ = true;
  bool reply_chunked_ = false;
  std::optional<std::uint64_t> reply_left_;  // of the announced length
  std::size_t drained_below_ = 0;
  Task on_drained_;
};

}  // namespace tidegate::http
