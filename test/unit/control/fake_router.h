#pragma once

#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <mutex>
#include <set>
#include <thread>

#include "os/fd.h"
#include "os/unix_path.h"
#include "table/message.h"

namespace tidegate::control {

// A router as control sees it: takes tables over the link, says when they are applied and which
// replicas are drained, or holds that back.
class FakeRouter {
 public:
  std::atomic<bool> applies = true;
  std::atomic<bool> drains = true;

  explicit FakeRouter(const os::Path& socket, std::uint64_t has_table = 0) {
    auto path = os::UnixPath::open(socket);
    fd_.reset(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_un address{.sun_family = AF_UNIX, .sun_path = {}};
    path->usable().copy(address.sun_path, sizeof address.sun_path - 1);
    connected_ = ::connect(fd_.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) == 0;
    say(table::Hello{"router-" + std::to_string(reinterpret_cast<std::uintptr_t>(this)), 42,
                     has_table});
    thread_ = std::thread([this] { run(); });
  }
  ~FakeRouter() {
    stop_ = true;
    ::shutdown(fd_.get(), SHUT_RDWR);
    thread_.join();
  }

  table::Table table() {
    std::lock_guard hold(mutex_);
    return table_;
  }
  // Ids of the replicas that the newest table gives to the service.
  std::set<std::string> replicas_of(const std::string& service) {
    std::set<std::string> ids;
    for (const auto& one : table().services) {
      if (one.name != service) continue;
      for (const auto& replica : one.versions.front().replicas) ids.insert(replica.id);
    }
    return ids;
  }
  // Every set of replicas that a table ever gave to the service, in order.
  std::vector<std::set<std::string>> seen(const std::string& service) {
    std::lock_guard hold(mutex_);
    return seen_[service];
  }

 private:
  void say(const table::FromRouter& message) {
    std::string bytes = table::frame(message);
    (void)::send(fd_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
  }

  void run() {
    table::Unframer<table::FromControl> unframer;
    char buffer[1 << 16];
    while (!stop_) {
      pollfd wait{fd_.get(), POLLIN, 0};
      if (::poll(&wait, 1, /*timeout_ms=*/10) > 0) {
        ssize_t n = ::read(fd_.get(), buffer, sizeof buffer);
        if (n <= 0) return;
        unframer.feed({buffer, static_cast<std::size_t>(n)});
        table::FromControl message;
        while (unframer.next(message).value_or(false)) take(std::get<table::Table>(message));
      }
      answer();
    }
  }

  static std::set<std::string> ids_in(const table::Table& table) {
    std::set<std::string> ids;
    for (const auto& service : table.services) {
      for (const auto& version : service.versions) {
        for (const auto& replica : version.replicas) ids.insert(replica.id);
      }
    }
    return ids;
  }

  void take(table::Table table) {
    std::lock_guard hold(mutex_);
    std::set<std::string> now_in = ids_in(table);
    for (const std::string& id : ids_in(table_)) {
      if (!now_in.contains(id)) gone_.insert(id);
    }
    for (const auto& service : table.services) {
      auto& seen = seen_[service.name];
      std::set<std::string> ids;
      for (const auto& replica : service.versions.front().replicas) ids.insert(replica.id);
      if (seen.empty() || seen.back() != ids) seen.push_back(ids);
    }
    table_ = std::move(table);
  }

  void answer() {
    std::lock_guard hold(mutex_);
    if (applies && told_ != table_.version) {
      told_ = table_.version;
      say(table::Applied{told_});
    }
    if (!drains || gone_.empty()) return;
    say(table::Drained{{gone_.begin(), gone_.end()}});
    gone_.clear();
  }

  os::UniqueFd fd_;
  bool connected_ = false;
  std::atomic<bool> stop_ = false;
  std::mutex mutex_;
  table::Table table_;                                              // guarded by mutex_
  std::map<std::string, std::vector<std::set<std::string>>> seen_;  // guarded by mutex_
  std::set<std::string> gone_;                                      // guarded by mutex_
  std::uint64_t told_ = 0;                                          // guarded by mutex_
  std::thread thread_;
};

}  // namespace tidegate::control
