#include "control/secrets.h"

#include <sys/stat.h>

#include <fmt/format.h>

#include "base/ids.h"
#include "store/settings.h"

namespace tidegate::control {
namespace {

constexpr std::string_view kSigningKey = "signing_key";

}  // namespace

Result<Secret> load_or_make_token(const os::Path& file, Random& random) {
  auto text = os::read_file(file);
  if (!text && text.error().code != Code::not_found) return std::unexpected(text.error());
  if (text) {
    text->erase(text->find_last_not_of(" \r\n") + 1);
    if (text->empty()) {
      return fail(Code::invalid,
                  fmt::format("{} is empty: remove it, and a new token is made", file.string()));
    }
    if (::chmod(file.c_str(), 0600) != 0) return fail_errno("cannot protect " + file.string());
    return Secret(std::move(*text));
  }
  std::string token = random_key(random);
  TIDEGATE_TRY_VOID(os::write_file_atomic(file, token + "\n", 0600));
  return Secret(std::move(token));
}

Result<Secret> load_or_make_signing_key(store::Database& db, Random& random) {
  TIDEGATE_TRY(auto found, store::find_setting(db, kSigningKey));
  if (found) return Secret(std::move(*found));
  std::string key = random_hex(random, 32);
  TIDEGATE_TRY_VOID(store::put_setting(db, kSigningKey, key));
  return Secret(std::move(key));
}

}  // namespace tidegate::control
