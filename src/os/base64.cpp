#include "os/base64.h"

#include <openssl/evp.h>

namespace tidegate::os {
namespace {

bool is_digit(char c) {
  return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '+' ||
         c == '/';
}

}  // namespace

std::string base64(std::string_view bytes) {
  std::string out((bytes.size() + 2) / 3 * 4 + 1, '\0');  // libcrypto ends it with a zero
  ::EVP_EncodeBlock(reinterpret_cast<unsigned char*>(out.data()),
                    reinterpret_cast<const unsigned char*>(bytes.data()),
                    static_cast<int>(bytes.size()));
  out.pop_back();
  return out;
}

// libcrypto's decoder takes stray text at both ends and counts padding as bytes: checked before.
std::optional<std::string> from_base64(std::string_view text) {
  std::string digits;
  for (char c : text) {
    if (c != '\n' && c != '\r' && c != ' ' && c != '\t') digits += c;
  }
  if (digits.size() % 4 != 0) return std::nullopt;
  std::size_t padding = 0;
  while (padding < 2 && padding < digits.size() && digits[digits.size() - 1 - padding] == '=') {
    ++padding;
  }
  for (std::size_t i = 0; i < digits.size() - padding; ++i) {
    if (!is_digit(digits[i])) return std::nullopt;
  }
  std::string out(digits.size() / 4 * 3, '\0');
  int size = ::EVP_DecodeBlock(reinterpret_cast<unsigned char*>(out.data()),
                               reinterpret_cast<const unsigned char*>(digits.data()),
                               static_cast<int>(digits.size()));
  if (size < 0) return std::nullopt;
  out.resize(out.size() - padding);
  return out;
}

}  // namespace tidegate::os
