#include "backend/local/replica_log.h"

#include <algorithm>
#include <numeric>
#include <tuple>

#include <fmt/format.h>

#include "backend/local/rotating_log.h"

namespace tidegate::backend::local {
namespace {

namespace fs = std::filesystem;

struct Log {
  std::string replica_id;
  os::Path path;
  fs::file_time_type written;
};

// Oldest first.
std::vector<Log> list_logs(const os::Path& folder) {
  std::vector<Log> logs;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(folder, error)) {
    if (entry.path().extension() != ".log") continue;
    logs.push_back({entry.path().stem().string(), entry.path(), entry.last_write_time(error)});
  }
  std::sort(logs.begin(), logs.end(), [](const Log& a, const Log& b) {
    return std::tie(a.written, a.replica_id) < std::tie(b.written, b.replica_id);
  });
  return logs;
}

std::size_t count_lines(const std::string& text) {
  auto newlines = static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n'));
  return newlines + (text.empty() || text.ends_with('\n') ? 0 : 1);
}

Result<std::string> last_lines(const os::Path& path, std::size_t count) {
  TIDEGATE_TRY(std::string text, os::read_last_lines(path, count));
  std::size_t have = count_lines(text);
  for (int age = 1; have < count && fs::exists(rotated_path(path, age)); ++age) {
    TIDEGATE_TRY(std::string older, os::read_last_lines(rotated_path(path, age), count - have));
    text.insert(0, older);
    have = count_lines(text);
  }
  return text;
}

std::string without_first_lines(const std::string& text, std::size_t count) {
  std::size_t at = 0;
  for (; count > 0 && at < text.size(); --count) at = text.find('\n', at) + 1;
  return text.substr(at);
}

}  // namespace

std::vector<std::size_t> share_lines(const std::vector<std::size_t>& available,
                                     std::size_t lines_max) {
  std::vector<std::size_t> order(available.size());
  std::iota(order.begin(), order.end(), 0U);
  std::sort(order.begin(), order.end(), [&available](auto a, auto b) {
    return std::tie(available[a], a) < std::tie(available[b], b);
  });
  std::vector<std::size_t> shares(available.size());
  std::size_t left = lines_max;
  for (std::size_t i = 0; i < order.size(); ++i) {
    std::size_t fair = left / (order.size() - i);
    shares[order[i]] = std::min(available[order[i]], fair);
    left -= shares[order[i]];
  }
  return shares;
}

Result<std::string> newest_lines(const os::Path& folder, std::size_t lines_max) {
  std::vector<Log> logs = list_logs(folder);
  std::vector<std::string> texts;
  std::vector<std::size_t> available;
  for (const Log& log : logs) {
    TIDEGATE_TRY(std::string text, last_lines(log.path, lines_max));
    available.push_back(count_lines(text));
    texts.push_back(std::move(text));
  }
  std::vector<std::size_t> shares = share_lines(available, lines_max);
  std::string merged;
  for (std::size_t i = 0; i < logs.size(); ++i) {
    if (logs.size() > 1) merged += fmt::format("==> replica {} <==\n", logs[i].replica_id);
    merged += without_first_lines(texts[i], available[i] - shares[i]);
    if (!merged.ends_with('\n') && !merged.empty()) merged += '\n';
  }
  return merged;
}

Result<> prune_logs(const os::Path& folder, std::size_t logs_max,
                    const std::vector<std::string>& replicas_in_use) {
  std::vector<Log> logs = list_logs(folder);
  for (std::size_t i = 0; i + logs_max < logs.size(); ++i) {
    const Log& log = logs[i];
    bool in_use = std::find(replicas_in_use.begin(), replicas_in_use.end(), log.replica_id) !=
                  replicas_in_use.end();
    if (in_use) continue;
    TIDEGATE_TRY_VOID(os::remove_tree(log.path));
    for (int age = 1; fs::exists(rotated_path(log.path, age)); ++age) {
      TIDEGATE_TRY_VOID(os::remove_tree(rotated_path(log.path, age)));
    }
  }
  return {};
}

}  // namespace tidegate::backend::local
