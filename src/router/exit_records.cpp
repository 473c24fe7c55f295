#include "router/exit_records.h"

#include "base/json.h"
#include "os/file.h"

namespace tidegate::router {
namespace {

constexpr Milliseconds kPeriod{5};
// Replicas that end at one time and are asked about; beyond, callers are told without it.
constexpr std::size_t kAwaitedMax = 1000;
constexpr std::size_t kTextMax = 300;

}  // namespace

std::optional<std::string> read_exit_record(const std::string& path) {
  Result<std::string> file = os::read_file(path);
  if (!file) return std::nullopt;
  Result<Json> record = parse_json(*file, path);
  if (!record || !record->is_object()) return std::nullopt;
  std::string text = text_or(*record, "text", "");
  if (text.empty()) return std::nullopt;
  return text.substr(0, kTextMax);
}

void ExitRecords::ask(const std::string& record, Told told) {
  if (const std::optional<std::string> text = read_(record)) return told(text);
  if (awaited_.size() >= kAwaitedMax && !awaited_.contains(record)) return told(std::nullopt);
  if (awaited_.empty()) timer_.start(kPeriod, [this] { look_again(); });
  auto [entry, is_new] = awaited_.try_emplace(record);
  if (is_new) entry->second.deadline = loop_.now() + time_limit_;
  entry->second.askers.push_back(std::move(told));
}

void ExitRecords::look_again() {
  const MonoTime now = loop_.now();
  std::vector<std::pair<std::optional<std::string>, std::vector<Told>>> over;
  std::erase_if(awaited_, [&](auto& entry) {
    std::optional<std::string> text = read_(entry.first);
    if (!text && now < entry.second.deadline) return false;
    over.emplace_back(std::move(text), std::move(entry.second.askers));
    return true;
  });
  if (!awaited_.empty()) timer_.start(kPeriod, [this] { look_again(); });
  for (const auto& [text, askers] : over) {
    for (const Told& told : askers) told(text);
  }
}

}  // namespace tidegate::router
