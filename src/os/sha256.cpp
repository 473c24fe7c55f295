#include "os/sha256.h"

#include <fcntl.h>
#include <openssl/evp.h>
#include <openssl/sha.h>
#include <unistd.h>

#include <fmt/format.h>

#include "base/check.h"
#include "base/ids.h"
#include "os/fd.h"

namespace tidegate::os {

struct Sha256::Context {
  EVP_MD_CTX* md = EVP_MD_CTX_new();
  ~Context() { EVP_MD_CTX_free(md); }
};

Sha256::Sha256() : context_(std::make_unique<Context>()) {
  TIDEGATE_CHECK(EVP_DigestInit_ex(context_->md, EVP_sha256(), nullptr) == 1);
}

Sha256::~Sha256() = default;

void Sha256::update(std::string_view bytes) {
  TIDEGATE_CHECK(EVP_DigestUpdate(context_->md, bytes.data(), bytes.size()) == 1);
}

std::string Sha256::digest() {
  std::string out(SHA256_DIGEST_LENGTH, '\0');
  unsigned length = 0;
  TIDEGATE_CHECK(
      EVP_DigestFinal_ex(context_->md, reinterpret_cast<unsigned char*>(out.data()), &length) == 1);
  return out;
}

std::string Sha256::hex_digest() {
  return hex(digest());
}

std::string sha256(std::string_view bytes) {
  std::string out(SHA256_DIGEST_LENGTH, '\0');
  ::SHA256(reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size(),
           reinterpret_cast<unsigned char*>(out.data()));
  return out;
}

std::string sha256_hex(std::string_view bytes) {
  return hex(sha256(bytes));
}

bool is_sha256_hex(std::string_view text) {
  return text.size() == 2 * SHA256_DIGEST_LENGTH &&
         text.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

Result<std::string> sha256_hex_of_file(const Path& path) {
  UniqueFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!fd) return fail_errno(fmt::format("cannot read {}", path.string()));
  Sha256 hash;
  char buffer[1 << 16];
  for (;;) {
    ssize_t n = ::read(fd.get(), buffer, sizeof buffer);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return fail_errno(fmt::format("cannot read {}", path.string()));
    if (n == 0) return hash.hex_digest();
    hash.update({buffer, static_cast<std::size_t>(n)});
  }
}

}  // namespace tidegate::os
