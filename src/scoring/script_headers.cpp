#include "scoring/script_headers.h"

#include "scoring/replica_secret.h"

namespace tidegate::scoring {
namespace {

bool is_lower(char c) {
  return c >= 'a' && c <= 'z';
}
bool is_upper(char c) {
  return c >= 'A' && c <= 'Z';
}

// As Python's str.title(): a letter after anything but a letter is upper case.
std::string title_case(std::string_view name) {
  std::string out(name);
  bool after_letter = false;
  for (char& c : out) {
    if (after_letter && is_upper(c)) c = static_cast<char>(c + ('a' - 'A'));
    if (!after_letter && is_lower(c)) c = static_cast<char>(c - ('a' - 'A'));
    after_letter = is_lower(c) || is_upper(c);
  }
  return out;
}

}  // namespace

HeaderList script_headers(const http::RequestHead& head) {
  HeaderList out;
  for (const http::HeaderView& header : head.headers) {
    if (header.name.find('_') != std::string_view::npos) continue;
    if (http::equal_names(header.name, kReplicaSecretHeader)) continue;
    std::string name = title_case(header.name);
    bool repeated = false;
    for (auto& [known, value] : out) {
      if (known != name) continue;
      value.append(",").append(header.value);
      repeated = true;
    }
    if (!repeated) out.emplace_back(std::move(name), header.value);
  }
  return out;
}

}  // namespace tidegate::scoring
