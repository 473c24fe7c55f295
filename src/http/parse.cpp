#include "http/parse.h"

#include <algorithm>
#include <cstring>
#include <optional>

#include <boost/beast/http/basic_parser.hpp>

namespace tidegate::http {

namespace {

namespace beast = boost::beast;
namespace net = boost::asio;

// Far above what clients send; keeps find_header() cheap.
constexpr std::size_t kHeadersMax = 256;
// Nobody uses chunk extensions; a peer that sends long ones only wants to keep us busy.
constexpr std::size_t kChunkExtensionMax = 256;
// The shortest rest of a chunked body, "0\r\n\r\n". Beast's parser must not be called again with
// less once it has seen the last chunk's line.
constexpr std::size_t kChunkedRestMin = 5;

std::string_view view(beast::string_view text) {
  return {text.data(), text.size()};
}

bool has_control(std::string_view text) {
  return std::any_of(text.begin(), text.end(),
                     [](unsigned char c) { return (c < 0x20 && c != '\t') || c == 0x7f; });
}

// What both directions share: collects views of the header lines, watches the framing ones, and
// hands chunk data out piece by piece.
template <bool isRequest>
class Collector : public beast::http::basic_parser<isRequest> {
  using Base = beast::http::basic_parser<isRequest>;

 public:
  explicit Collector(std::vector<HeaderView>& headers, std::size_t head_size) : headers_(headers) {
    headers_.clear();
    this->eager(false);  // one piece per call, none of them buffered
    this->header_limit(static_cast<std::uint32_t>(head_size));
    this->body_limit(boost::none);  // the reader of the body has limits of its own
  }

  // Whole heads only.
  beast::error_code parse_head(std::string_view bytes) {
    beast::error_code error;
    this->put(net::const_buffer(bytes.data(), bytes.size()), error);
    in_body_ = true;
    return error;
  }

  BodyStep decode_chunked(std::string_view bytes) {
    BodyStep step;
    while (step.bytes.empty() && !this->is_done()) {
      const std::string_view rest = bytes.substr(step.consumed);
      if (rest.empty() || (between_chunks_ && rest.size() < kChunkedRestMin)) return step;
      beast::error_code error;
      piece_ = {};
      const std::size_t n = this->put(net::const_buffer(rest.data(), rest.size()), error);
      step.consumed += n;
      step.bytes = piece_;
      if (error == beast::http::error::need_more) return step;
      if (error) {
        step.status = BodyStep::Status::invalid;
        return step;
      }
    }
    if (this->is_done()) step.status = BodyStep::Status::done;
    return step;
  }

  bool framing_is_sound() const {
    if (content_lengths_ > 1 || !content_length_is_digits_) return false;
    if (content_lengths_ > 0 && transfer_encodings_ > 0) return false;
    return transfer_encodings_ == 0 || (transfer_encodings_ == 1 && transfer_encoding_is_chunked_);
  }
  bool too_many_headers() const { return headers_.size() >= kHeadersMax; }
  std::size_t hosts() const { return hosts_; }

 protected:
  void on_request_impl(beast::http::verb, beast::string_view, beast::string_view, int,
                       beast::error_code&) override {}
  void on_response_impl(int, beast::string_view, int, beast::error_code&) override {}

  void on_field_impl(beast::http::field field, beast::string_view name, beast::string_view value,
                     beast::error_code& error) override {
    if (in_body_) return;  // trailers are dropped
    if (too_many_headers()) {
      error = beast::http::error::header_limit;
      return;
    }
    headers_.push_back({view(name), view(value)});
    if (field == beast::http::field::host) ++hosts_;
    if (field == beast::http::field::content_length) note_content_length(view(value));
    if (field == beast::http::field::transfer_encoding) {
      ++transfer_encodings_;
      transfer_encoding_is_chunked_ = equal_names(view(value), "chunked");
    }
  }

  void on_header_impl(beast::error_code&) override {}
  void on_body_init_impl(const boost::optional<std::uint64_t>&, beast::error_code&) override {}
  std::size_t on_body_impl(beast::string_view body, beast::error_code&) override {
    return body.size();
  }

  void on_chunk_header_impl(std::uint64_t size, beast::string_view extensions,
                            beast::error_code& error) override {
    // Beast lets a quoted extension hold anything, a bare LF for one.
    if (extensions.size() > kChunkExtensionMax || has_control(view(extensions))) {
      error = beast::http::error::bad_chunk_extension;
    }
    between_chunks_ = size == 0;
  }
  std::size_t on_chunk_body_impl(std::uint64_t remaining, beast::string_view body,
                                 beast::error_code&) override {
    piece_ = view(body);
    between_chunks_ = body.size() == remaining;
    return body.size();
  }
  void on_finish_impl(beast::error_code&) override {}

 private:
  void note_content_length(std::string_view value) {
    ++content_lengths_;
    // Beast takes lists of equal numbers ("5, 5"); we do not.
    content_length_is_digits_ =
        std::all_of(value.begin(), value.end(), [](char c) { return c >= '0' && c <= '9'; });
  }

  std::vector<HeaderView>& headers_;
  std::string_view piece_;
  std::size_t hosts_ = 0;
  std::size_t content_lengths_ = 0;
  std::size_t transfer_encodings_ = 0;
  bool content_length_is_digits_ = true;
  bool transfer_encoding_is_chunked_ = false;
  bool in_body_ = false;
  bool between_chunks_ = true;
};

std::string_view first_line(std::string_view bytes) {
  return bytes.substr(0, bytes.find("\r\n"));
}

// "X Y HTTP/<digit>.<digit>": a request line, only not of a version we speak.
bool is_another_version(std::string_view line) {
  constexpr std::string_view kVersion = "HTTP/x.y";
  if (std::count(line.begin(), line.end(), ' ') != 2) return false;
  line.remove_prefix(line.rfind(' ') + 1);
  if (line.size() != kVersion.size()) return false;
  auto is_digit = [](char c) { return c >= '0' && c <= '9'; };
  return line.starts_with("HTTP/") && is_digit(line[5]) && line[6] == '.' && is_digit(line[7]);
}

Refusal refusal_of(const beast::error_code& error, std::string_view bytes) {
  using Kind = beast::http::error;
  if (error == Kind::header_limit) return {431, "too many header lines"};
  if (error == Kind::bad_version && is_another_version(first_line(bytes))) {
    return {505, "this HTTP version is not supported"};
  }
  if (error == Kind::bad_method) return {400, "malformed method"};
  if (error == Kind::bad_target) return {400, "malformed request target"};
  if (error == Kind::bad_version) return {400, "malformed request line"};
  if (error == Kind::bad_content_length || error == Kind::multiple_content_length) {
    return {400, "bad Content-Length"};
  }
  if (error == Kind::bad_transfer_encoding) return {400, "bad Transfer-Encoding"};
  return {400, "malformed header line"};
}

// Printable ASCII without '#', in one of the forms a server must take.
bool is_sound_target(std::string_view target) {
  for (unsigned char c : target) {
    if (c <= 0x20 || c >= 0x7f || c == '#') return false;
  }
  return target.starts_with('/') || target == "*" || target.starts_with("http://") ||
         target.starts_with("https://");
}

}  // namespace

HeadScanner::Status HeadScanner::scan(std::string_view bytes) {
  for (;;) {
    const char* begin = bytes.data() + place_;
    const std::size_t rest = bytes.size() - place_;
    if (rest == 0) return Status::incomplete;
    if (place_ > 0 && (*begin == ' ' || *begin == '\t')) return Status::invalid;
    const auto* newline = static_cast<const char*>(std::memchr(begin, '\n', rest));
    if (newline == nullptr) return Status::incomplete;
    if (newline == begin || newline[-1] != '\r') return Status::invalid;
    place_ += static_cast<std::size_t>(newline + 1 - begin);
    if (newline == begin + 1) return Status::complete;
  }
}

class RequestParser::Beast {
 public:
  class Parser final : public Collector<true> {
   public:
    Parser(RequestHead& head, std::size_t size)
        : Collector<true>(head.headers, size), head_(head) {}

   private:
    void on_request_impl(beast::http::verb, beast::string_view method, beast::string_view target,
                         int version, beast::error_code&) override {
      head_.method = view(method);
      head_.target = view(target);
      head_.minor_version = version - 10;
    }
    RequestHead& head_;
  };
  std::optional<Parser> parser;
};

RequestParser::RequestParser() : beast_(std::make_unique<Beast>()) {}
RequestParser::~RequestParser() = default;

Refusal RequestParser::parse(std::string_view bytes, RequestHead& head) {
  Beast::Parser& parser = beast_->parser.emplace(head, bytes.size());
  if (beast::error_code error = parser.parse_head(bytes)) return refusal_of(error, bytes);
  if (!parser.framing_is_sound()) return {400, "ambiguous body length"};
  if (head.method == "CONNECT") return {501, "CONNECT is not supported"};
  if (!is_sound_target(head.target)) return {400, "malformed request target"};
  if (parser.hosts() > 1) return {400, "more than one Host"};
  if (parser.hosts() == 0 && head.minor_version > 0) return {400, "Host is missing"};
  head.chunked = parser.chunked();
  if (head.chunked && head.minor_version == 0) return {400, "HTTP/1.0 has no transfer encodings"};
  head.content_length.reset();
  if (auto length = parser.content_length()) head.content_length = *length;
  head.keep_alive = parser.keep_alive();
  head.expects_continue = false;
  if (auto expect = head.find("Expect")) {
    if (!equal_names(*expect, "100-continue")) return {417, "unknown expectation"};
    head.expects_continue = head.minor_version > 0;
  }
  return {};
}

BodyStep RequestParser::decode_chunked(std::string_view bytes) {
  return beast_->parser->decode_chunked(bytes);
}

class ResponseParser::Beast {
 public:
  class Parser final : public Collector<false> {
   public:
    Parser(ResponseHead& head, std::size_t size)
        : Collector<false>(head.headers, size), head_(head) {}

   private:
    void on_response_impl(int status, beast::string_view reason, int, beast::error_code&) override {
      head_.status = status;
      head_.reason = view(reason);
    }
    ResponseHead& head_;
  };
  std::optional<Parser> parser;
};

ResponseParser::ResponseParser() : beast_(std::make_unique<Beast>()) {}
ResponseParser::~ResponseParser() = default;

bool ResponseParser::parse(std::string_view bytes, ResponseHead& head) {
  Beast::Parser& parser = beast_->parser.emplace(head, bytes.size());
  if (parser.parse_head(bytes)) return false;
  if (!parser.framing_is_sound() || head.status < 100) return false;
  head.chunked = parser.chunked();
  head.content_length.reset();
  if (auto length = parser.content_length()) head.content_length = *length;
  head.keep_alive = parser.keep_alive();
  return true;
}

BodyStep ResponseParser::decode_chunked(std::string_view bytes) {
  return beast_->parser->decode_chunked(bytes);
}

}  // namespace tidegate::http
