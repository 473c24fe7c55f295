#include "fetch/curl_client.h"

#include <curl/curl.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <map>
#include <mutex>

#include <fmt/format.h>

#include "base/check.h"
#include "fetch/curl_tls.h"
#include "os/fd.h"
#include "os/unix_path.h"

namespace tidegate::fetch {
namespace {

struct FreeList {
  void operator()(curl_slist* list) const { curl_slist_free_all(list); }
};
using HeaderList = std::unique_ptr<curl_slist, FreeList>;

void append(HeaderList& list, const std::string& line) {
  curl_slist* longer = curl_slist_append(list.get(), line.c_str());
  TIDEGATE_CHECK(longer != nullptr);
  (void)list.release();
  list.reset(longer);
}

bool has_header(const Request& request, std::string_view name) {
  return Response{.headers = request.headers}.header(name).has_value();
}

// "http://host:80/path" -> "host".
std::string_view host_of(std::string_view url) {
  auto begin = url.find("://");
  url.remove_prefix(begin == std::string_view::npos ? 0 : begin + 3);
  url = url.substr(0, url.find_first_of("/?#"));
  if (url.starts_with('[')) return url.substr(0, url.find(']') + 1);
  return url.substr(0, url.find(':'));
}

bool is_this_machine(const Request& request) {
  std::string_view host = host_of(request.url);
  return !request.unix_socket.empty() || host == "localhost" || host == "[::1]" ||
         host.starts_with("127.");
}

std::string place_of(const Request& request) {
  if (!request.unix_socket.empty()) return request.unix_socket.string();
  auto end = request.url.find('/', request.url.find("://") + 3);
  return request.url.substr(0, end);
}

// What one call needs while libcurl runs it; libcurl calls back with a pointer to it.
struct Call {
  const Request& request;
  Response response;
  os::UniqueFd upload;
  std::uint64_t upload_size = 0;
  std::uint64_t received = 0;
  os::UniqueFd download;
  bool is_ended_by_on_body = false;
  std::string local_problem;  // why a callback ended the call; empty: it did not
  int local_errno = 0;

  void receive_header(std::string_view line) {
    line = line.substr(0, line.find_last_not_of(" \t\r\n") + 1);
    if (line.starts_with("HTTP/")) {
      response.headers.clear();  // of an interim answer (100 Continue)
      auto space = line.find(' ');
      response.status = space == std::string_view::npos ? 0 : std::atoi(line.data() + space);
      return;
    }
    if (line.empty() && response.status >= 200 && request.on_head) request.on_head(response);
    auto colon = line.find(':');
    if (colon == std::string_view::npos) return;
    std::string_view value = line.substr(colon + 1);
    value.remove_prefix(std::min(value.find_first_not_of(" \t"), value.size()));
    response.headers.emplace_back(line.substr(0, colon), value);
  }

  bool receive(std::string_view bytes) {
    if (request.on_body && response.ok()) {
      is_ended_by_on_body = !request.on_body(bytes);
      return !is_ended_by_on_body;
    }
    received += bytes.size();
    if (received > request.response_max_bytes) {
      local_problem =
          fmt::format("the answer is larger than {} MB", request.response_max_bytes >> 20);
      return false;
    }
    bool into_file = download && response.ok();
    if (!into_file) {
      response.body.append(bytes);
      return true;
    }
    while (!bytes.empty()) {
      ssize_t n = ::write(download.get(), bytes.data(), bytes.size());
      if (n < 0 && errno == EINTR) continue;
      if (n < 0) {
        local_errno = errno;
        local_problem = fmt::format("cannot write {}", request.response_file.string());
        return false;
      }
      bytes.remove_prefix(static_cast<std::size_t>(n));
    }
    return true;
  }

  std::size_t send(char* out, std::size_t size) {
    for (;;) {
      ssize_t n = ::read(upload.get(), out, size);
      if (n < 0 && errno == EINTR) continue;
      if (n >= 0) return static_cast<std::size_t>(n);
      local_errno = errno;
      local_problem = fmt::format("cannot read {}", request.body_file.string());
      return CURL_READFUNC_ABORT;
    }
  }
};

std::size_t on_header(char* data, std::size_t size, std::size_t count, void* call) {
  static_cast<Call*>(call)->receive_header({data, size * count});
  return size * count;
}

std::size_t on_body(char* data, std::size_t size, std::size_t count, void* call) {
  return static_cast<Call*>(call)->receive({data, size * count}) ? size * count : 0;
}

std::size_t on_read(char* out, std::size_t size, std::size_t count, void* call) {
  return static_cast<Call*>(call)->send(out, size * count);
}

// A connection that was kept open may turn out to be dead: libcurl then sends the body once more.
int on_seek(void* call, curl_off_t offset, int origin) {
  bool done = ::lseek(static_cast<Call*>(call)->upload.get(), offset, origin) >= 0;
  return done ? CURL_SEEKFUNC_OK : CURL_SEEKFUNC_FAIL;
}

int on_progress(void* data, curl_off_t, curl_off_t, curl_off_t total, curl_off_t sent) {
  const Request& request = static_cast<Call*>(data)->request;
  if (request.on_progress && total > 0) {
    request.on_progress(static_cast<std::uint64_t>(sent), static_cast<std::uint64_t>(total));
  }
  return request.is_cancelled && request.is_cancelled() ? 1 : 0;
}

// "https://host:6443/path" -> "https://host:6443".
std::string_view origin_of(std::string_view url) {
  auto begin = url.find("://");
  return url.substr(0, url.find_first_of("/?#", begin == std::string_view::npos ? 0 : begin + 3));
}

bool is_redirect(const Request& request, const Response& response) {
  static constexpr int kStatuses[] = {301, 302, 303, 307, 308};
  return request.redirects_max > 0 && request.unix_socket.empty() &&
         (request.method == "GET" || request.method == "HEAD") &&
         std::ranges::find(kStatuses, response.status) != std::end(kStatuses);
}

// What proves who we are stays with the host that we were asked to call.
void forget_who_we_are(Request& request) {
  std::erase_if(request.headers, [](const auto& header) {
    Response alone{.headers = {header}};
    return alone.header("Authorization").has_value() || alone.header("Cookie").has_value();
  });
  request.tls.certificate.clear();
  request.tls.key = Secret();
}

// One easy handle of libcurl and its open connections.
struct Handle {
  CURL* curl = curl_easy_init();
  char reason[CURL_ERROR_SIZE] = {};
  // Kept as long as the connection: libcurl finds a kept connection again by this path.
  std::map<os::Path, os::UnixPath> sockets;

  Handle() { TIDEGATE_CHECK(curl != nullptr); }
  ~Handle() { curl_easy_cleanup(curl); }
  Handle(const Handle&) = delete;

  template <class T>
  void set(CURLoption option, T value) {
    TIDEGATE_CHECK(curl_easy_setopt(curl, option, value) == CURLE_OK);
  }

  Result<> set_place(const Request& request) {
    if (is_this_machine(request)) set(CURLOPT_PROXY, "");
    if (request.unix_socket.empty()) return {};
    auto known = sockets.find(request.unix_socket);
    if (known == sockets.end()) {
      TIDEGATE_TRY(os::UnixPath path, os::UnixPath::open(request.unix_socket));
      known = sockets.emplace(request.unix_socket, std::move(path)).first;
    }
    set(CURLOPT_UNIX_SOCKET_PATH, known->second.usable().c_str());
    return {};
  }

  Result<> set_body(Call& call) {
    const Request& request = call.request;
    if (!request.body_file.empty()) {
      call.upload.reset(::open(request.body_file.c_str(), O_RDONLY | O_CLOEXEC));
      struct stat info{};
      if (!call.upload || ::fstat(call.upload.get(), &info) != 0) {
        return fail_errno(fmt::format("cannot read {}", request.body_file.string()));
      }
      call.upload_size = static_cast<std::uint64_t>(info.st_size);
      set(CURLOPT_UPLOAD, 1L);
      set(CURLOPT_INFILESIZE_LARGE, static_cast<curl_off_t>(info.st_size));
      set(CURLOPT_READFUNCTION, &on_read);
      set(CURLOPT_READDATA, &call);
      set(CURLOPT_SEEKFUNCTION, &on_seek);
      set(CURLOPT_SEEKDATA, &call);
    } else if (!request.body.empty() || request.method == "POST" || request.method == "PUT") {
      set(CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(request.body.size()));
      set(CURLOPT_POSTFIELDS, request.body.data());
    }
    if (request.method == "HEAD") {
      set(CURLOPT_NOBODY, 1L);
    } else {
      set(CURLOPT_CUSTOMREQUEST, request.method.c_str());
    }
    return {};
  }

  HeaderList headers_of(const Request& request) {
    HeaderList list;
    for (const auto& [name, value] : request.headers)
      append(list, fmt::format("{}: {}", name, value));
    // What libcurl would add by itself.
    append(list, "Expect:");
    if (!has_header(request, "Content-Type")) append(list, "Content-Type:");
    if (!has_header(request, "User-Agent")) append(list, "User-Agent: tidegate");
    return list;
  }

  void set_limits(Call& call) {
    const Request& request = call.request;
    set(CURLOPT_CONNECTTIMEOUT_MS, static_cast<long>(request.connect_timeout.count()));
    set(CURLOPT_TIMEOUT_MS, static_cast<long>(request.timeout.count()));
    if (request.stall_timeout.count() > 0) {
      set(CURLOPT_LOW_SPEED_LIMIT, 1L);
      set(CURLOPT_LOW_SPEED_TIME, static_cast<long>((request.stall_timeout.count() + 999) / 1000));
    }
    // A peer that vanished without a word is noticed within a minute, however long the call is.
    set(CURLOPT_TCP_KEEPALIVE, 1L);
    set(CURLOPT_TCP_KEEPIDLE, 15L);
    set(CURLOPT_TCP_KEEPINTVL, 5L);
    set(CURLOPT_NOPROGRESS, 0L);
    set(CURLOPT_XFERINFOFUNCTION, &on_progress);
    set(CURLOPT_XFERINFODATA, &call);
  }

  std::unexpected<Error> explain(CURLcode code, const Call& call) {
    const Request& request = call.request;
    std::string place = place_of(request);
    if (!call.local_problem.empty()) {
      if (call.local_errno != 0) return fail_errno(call.local_problem, call.local_errno);
      return fail(Code::exhausted, fmt::format("{}: {}", place, call.local_problem));
    }
    if (call.is_ended_by_on_body) code = CURLE_ABORTED_BY_CALLBACK;
    if (auto problem = explain_tls(code, reason, request.tls, place)) {
      return std::unexpected(std::move(*problem));
    }
    switch (code) {
      case CURLE_COULDNT_CONNECT:
        return fail(Code::unavailable, fmt::format("nothing listens at {}", place));
      case CURLE_COULDNT_RESOLVE_HOST:
        return fail(Code::unavailable, fmt::format("{}: there is no host of this name", place));
      case CURLE_OPERATION_TIMEDOUT:
        return fail(Code::timed_out, fmt::format("no answer from {} in time ({})", place, reason));
      case CURLE_ABORTED_BY_CALLBACK:
        return fail(Code::cancelled, fmt::format("the call to {} was cancelled", place));
      case CURLE_URL_MALFORMAT:
      case CURLE_UNSUPPORTED_PROTOCOL:
        return fail(Code::invalid, fmt::format("{} is no URL that can be called", request.url));
      default:
        return fail(Code::unavailable,
                    fmt::format("the call to {} broke off: {}", place,
                                reason[0] != '\0' ? reason : curl_easy_strerror(code)));
    }
  }

  // One call without redirects.
  Result<Response> send(const Request& request) {
    Call call{.request = request};
    curl_easy_reset(curl);  // keeps connections
    reason[0] = '\0';
    if (!request.response_file.empty()) {
      call.download.reset(
          ::open(request.response_file.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644));
      if (!call.download)
        return fail_errno(fmt::format("cannot create {}", request.response_file.string()));
    }
    set(CURLOPT_URL, request.url.c_str());
    set(CURLOPT_NOSIGNAL, 1L);
    set(CURLOPT_PROTOCOLS_STR, "http,https");
    // A connection has one call at a time: there is nothing to multiplex.
    set(CURLOPT_HTTP_VERSION, static_cast<long>(CURL_HTTP_VERSION_1_1));
    set(CURLOPT_ERRORBUFFER, &reason[0]);
    set_tls(curl, request.tls);
    TIDEGATE_TRY_VOID(set_place(request));
    TIDEGATE_TRY_VOID(set_body(call));
    HeaderList headers = headers_of(request);
    set(CURLOPT_HTTPHEADER, headers.get());
    set(CURLOPT_HEADERFUNCTION, &on_header);
    set(CURLOPT_HEADERDATA, &call);
    set(CURLOPT_WRITEFUNCTION, &on_body);
    set(CURLOPT_WRITEDATA, &call);
    set_limits(call);

    CURLcode code = curl_easy_perform(curl);
    bool keep_file = code == CURLE_OK && call.response.ok();
    if (call.download && !keep_file) ::unlink(request.response_file.c_str());
    if (code != CURLE_OK) return explain(code, call);
    return std::move(call.response);
  }

  // Where the last answer sends us; empty: nowhere.
  std::string redirect_target() {
    char* url = nullptr;
    curl_easy_getinfo(curl, CURLINFO_REDIRECT_URL, &url);
    return url == nullptr ? "" : url;
  }

  Milliseconds last_duration() {
    curl_off_t us = 0;
    curl_easy_getinfo(curl, CURLINFO_TOTAL_TIME_T, &us);
    return Milliseconds(us / 1000);
  }

  Result<Response> send_and_follow(const Request& request) {
    TIDEGATE_TRY(Response response, send(request));
    if (!is_redirect(request, response)) return response;
    Request step = request;
    for (int followed = 0;; ++followed) {
      std::string target = redirect_target();
      if (!is_redirect(request, response) || target.empty()) return response;
      if (followed == request.redirects_max) {
        return fail(Code::unavailable, fmt::format("{} redirects more than {} times",
                                                   place_of(request), request.redirects_max));
      }
      if (origin_of(target) != origin_of(step.url)) forget_who_we_are(step);
      step.url = std::move(target);
      if (step.timeout.count() > 0) {
        step.timeout = std::max(Milliseconds(1), step.timeout - last_duration());
      }
      TIDEGATE_TRY(response, send(step));
    }
  }
};

constexpr std::size_t kIdleHandlesMax = 8;

}  // namespace

struct CurlClient::Impl {
  std::mutex mutex;
  std::vector<std::unique_ptr<Handle>> idle;  // the last used at the end; guarded by mutex

  std::unique_ptr<Handle> take() {
    std::lock_guard lock(mutex);
    if (idle.empty()) return std::make_unique<Handle>();
    auto handle = std::move(idle.back());
    idle.pop_back();
    return handle;
  }

  void give_back(std::unique_ptr<Handle> handle) {
    std::lock_guard lock(mutex);
    if (idle.size() < kIdleHandlesMax) idle.push_back(std::move(handle));
  }
};

CurlClient::CurlClient() : impl_(std::make_unique<Impl>()) {
  static const CURLcode ready = curl_global_init(CURL_GLOBAL_DEFAULT);
  TIDEGATE_CHECK(ready == CURLE_OK);
}

CurlClient::~CurlClient() = default;

Result<Response> CurlClient::send(const Request& request) {
  auto handle = impl_->take();
  auto response = handle->send_and_follow(request);
  impl_->give_back(std::move(handle));
  return response;
}

}  // namespace tidegate::fetch
