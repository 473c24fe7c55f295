// One connection to a replica. Not for other folders.
//
//   connecting -> busy <-> idle
//        |          |        |
//        +----------+--------+--> closed
//
// Each state but idle and closed has a call; a call has one connection from its begin to its end.
#pragma once

#include <boost/smart_ptr/intrusive_ptr.hpp>

#include "http/body_decoder.h"
#include "http/out_buffer.h"
#include "http/socket.h"
#include "http/upstream.h"

namespace tidegate::http {

class UpstreamConnection;
struct SocketAddress;

// What connections need from their upstream.
struct UpstreamShared {
  virtual void on_idle(UpstreamConnection& connection) = 0;  // may keep it or close it
  virtual void on_closed(UpstreamConnection& connection) = 0;

  Address address;
  UpstreamOptions options;

 protected:
  UpstreamShared(Address target, UpstreamOptions chosen)
      : address(std::move(target)), options(chosen) {}
  ~UpstreamShared() = default;
};

class UpstreamConnection final : public Socket, private Deadline::Owner {
 public:
  using Ref = boost::intrusive_ptr<UpstreamConnection>;

  UpstreamConnection(Loop::Impl& loop, UpstreamShared& owner);

  // Makes the connection and sends. Failures come later, by the handler.
  std::unique_ptr<UpstreamCall> connect_and_send(std::string_view head, const Body& body,
                                                 UpstreamHandler& handler);
  // On an idle connection. Null: the peer has closed it and took nothing; so are we, then.
  std::unique_ptr<UpstreamCall> send_again(std::string_view head, const Body& body,
                                           UpstreamHandler& handler);
  void close_idle() { close_now(); }
  // The upstream goes away: the handler hears nothing more.
  void shut_down();

  std::size_t index = 0;  // the upstream's list

 private:
  class Call;
  enum class State { connecting, idle, busy, closed };

  // upstream_connection.cpp: connecting, sending, the end
  std::unique_ptr<UpstreamCall> begin(std::string_view head, const Body& body,
                                      UpstreamHandler& handler);
  void connect();
  void connect_tcp();
  void connect_unix();
  void connect_to(const SocketAddress& target);
  void connected();
  void on_writable() override;
  void on_deadline(const Deadline&) override;
  void on_deferred() override;
  void send_request();
  bool send_file_piece();
  void sent(const IoResult& result);
  void fail(UpstreamFailure failure, std::string_view detail);
  void fail_later(UpstreamFailure failure, std::string_view detail);
  void finish(bool reusable);
  UpstreamHandler* detach();
  void close_now();

  // upstream_response.cpp: receiving
  void on_readable() override;
  void check_idle();
  void on_end_of_input(bool orderly);
  void take(std::string_view bytes);
  std::size_t take_head(std::string_view bytes);
  std::size_t take_body(std::string_view bytes);
  void start_body();

  UpstreamShared* owner_;  // null: gone
  State state_ = State::connecting;
  Call* call_ = nullptr;
  UpstreamHandler* handler_ = nullptr;  // set in the states that have a call
  Deadline connect_deadline_;
  MonoTime connect_until_;

  OutBuffer out_;
  const Body* body_ = nullptr;
  std::uint64_t body_sent_ = 0;
  bool sent_any_ = false;
  bool output_broken_ = false;
  bool is_head_request_ = false;
  UpstreamFailure failure_ = UpstreamFailure::not_sent;
  std::string failure_detail_;  // not empty: on_deferred() reports it

  HeadScanner scanner_;
  ResponseParser parser_;
  ResponseHead head_;
  BodyDecoder<ResponseParser> decoder_;
  std::string partial_;  // received and not used up: part of a head, or of a line between chunks
  bool received_any_ = false;
  bool head_done_ = false;
  bool paused_ = false;
};

}  // namespace tidegate::http
