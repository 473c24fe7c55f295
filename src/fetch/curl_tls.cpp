#include "fetch/curl_tls.h"

#include <fmt/format.h>

#include "base/check.h"

namespace tidegate::fetch {
namespace {

template <class T>
void set(CURL* curl, CURLoption option, T value) {
  TIDEGATE_CHECK(curl_easy_setopt(curl, option, value) == CURLE_OK);
}

void set_blob(CURL* curl, CURLoption option, const std::string& text) {
  curl_blob blob{const_cast<char*>(text.data()), text.size(), CURL_BLOB_COPY};
  set(curl, option, &blob);
}

bool has(std::string_view text, std::string_view part) {
  return text.find(part) != std::string_view::npos;
}

// The server's certificate was not accepted.
Error distrust(std::string_view reason, std::string_view place) {
  auto about = [&](std::string_view problem) {
    return Error{Code::unavailable, fmt::format("{}: {} ({})", place, problem, reason)};
  };
  if (has(reason, "expired")) return about("the server's certificate has expired");
  if (has(reason, "not yet valid")) {
    return about("the server's certificate is not valid yet; compare the clocks");
  }
  if (has(reason, "subject name")) {
    return about("the server's certificate is for another host name");
  }
  if (has(reason, "issuer certificate") || has(reason, "self-signed") ||
      has(reason, "self signed") || has(reason, "signature failure")) {
    return about("the server's certificate is from an authority that is not trusted here");
  }
  return about("the server's certificate is not accepted");
}

}  // namespace

void set_tls(CURL* curl, const Tls& tls) {
  if (!tls.is_verified) {
    set(curl, CURLOPT_SSL_VERIFYPEER, 0L);
    set(curl, CURLOPT_SSL_VERIFYHOST, 0L);
  }
  if (!tls.ca.empty()) {
    set_blob(curl, CURLOPT_CAINFO_BLOB, tls.ca);
    set(curl, CURLOPT_CAPATH, static_cast<const char*>(nullptr));  // else trusted as well
  }
  if (!tls.certificate.empty()) {
    set_blob(curl, CURLOPT_SSLCERT_BLOB, tls.certificate);
    set_blob(curl, CURLOPT_SSLKEY_BLOB, tls.key.reveal());
    set(curl, CURLOPT_KEYPASSWD, "");  // an encrypted key is an error, not a question on a terminal
  }
}

std::optional<Error> explain_tls(CURLcode code, std::string_view reason, const Tls& tls,
                                 std::string_view place) {
  switch (code) {
    case CURLE_PEER_FAILED_VERIFICATION:
      return distrust(reason, place);
    case CURLE_SSL_CACERT_BADFILE:
      return Error{
          Code::invalid,
          fmt::format("{}: the CA certificates to trust are no PEM text ({})", place, reason)};
    case CURLE_SSL_CERTPROBLEM:
      // Before OpenSSL is asked to connect this is about our own text.
      if (!has(reason, "alert")) {
        return Error{Code::invalid, fmt::format("{}: the client certificate or its key cannot be "
                                                "used; both must be PEM without a passphrase ({})",
                                                place, reason)};
      }
      break;
    case CURLE_SSL_CONNECT_ERROR:
      if (has(reason, "wrong version number")) {
        return Error{Code::unavailable, fmt::format("{} does not speak TLS ({})", place, reason)};
      }
      break;
    case CURLE_RECV_ERROR:  // with TLS 1.3 the refusal comes after the handshake
    case CURLE_SEND_ERROR:
      break;
    default:
      return std::nullopt;
  }
  if (!has(reason, "alert")) return std::nullopt;
  if (tls.certificate.empty()) {
    if (!has(reason, "certificate") && !has(reason, "handshake failure")) return std::nullopt;
    return Error{Code::unauthenticated,
                 fmt::format("{} asks for a client certificate ({})", place, reason)};
  }
  return Error{Code::unauthenticated,
               fmt::format("{} refused our client certificate ({})", place, reason)};
}

}  // namespace tidegate::fetch
