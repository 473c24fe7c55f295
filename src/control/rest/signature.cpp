#include "control/rest/signature.h"

#include "base/ids.h"
#include "os/sha256.h"

namespace tidegate::control {
namespace {

constexpr std::size_t kBlock = 64;  // of SHA-256

std::string padded(const Secret& key, char with) {
  std::string block = key.reveal().size() > kBlock ? os::sha256(key.reveal()) : key.reveal();
  block.resize(kBlock, '\0');
  for (char& c : block) c = static_cast<char>(c ^ with);
  return block;
}

}  // namespace

// RFC 2104.
std::string signature_of(const Secret& key, std::string_view path) {
  std::string inner = os::sha256(padded(key, 0x36) + std::string(path));
  return hex(os::sha256(padded(key, 0x5c) + inner));
}

bool is_signed(const Secret& key, std::string_view path, std::string_view signature) {
  return constant_time_equal(signature_of(key, path), signature);
}

}  // namespace tidegate::control
