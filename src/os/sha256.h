#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "base/error.h"
#include "os/file.h"

namespace tidegate::os {

// Incremental SHA-256. digest() is 32 raw bytes; call it once.
class Sha256 {
 public:
  Sha256();
  ~Sha256();
  void update(std::string_view bytes);
  std::string digest();
  std::string hex_digest();

 private:
  struct Context;
  std::unique_ptr<Context> context_;
};

std::string sha256(std::string_view bytes);      // 32 raw bytes
std::string sha256_hex(std::string_view bytes);  // 64 lower-case digits
bool is_sha256_hex(std::string_view text);
Result<std::string> sha256_hex_of_file(const Path& path);

}  // namespace tidegate::os
