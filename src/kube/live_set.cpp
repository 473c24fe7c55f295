#include "kube/live_set.h"

#include <algorithm>
#include <atomic>
#include <condition_variable>

namespace tidegate::kube {
namespace {

constexpr Milliseconds kPauseMin{200};
constexpr Milliseconds kPauseMax{5'000};

std::string metadata_text(const Json& object, std::string_view key) {
  const Json* metadata = find_member(object, "metadata");
  return metadata == nullptr ? std::string() : text_or(*metadata, key, "");
}

}  // namespace

struct LiveSet::Impl {
  // Constant after construction.
  Client& client;
  const Kind kind;
  Where where;
  const Clock& clock;
  const std::function<void()> on_change;

  std::atomic<bool> is_stopping{false};

  // Of the thread alone.
  std::string version;   // the newest that was seen; empty: list first
  bool is_fresh = true;  // since the last pause something came
  Milliseconds pause = kPauseMin;

  mutable std::mutex mutex;
  std::condition_variable stop;  // with is_stopping
  // Guarded by mutex. A snapshot is made when somebody asks for it: many events in a row cost one.
  Objects objects;
  bool is_listed = false;
  mutable std::shared_ptr<const Objects> published;  // nullptr: objects are newer
  Health health;

  std::thread thread;

  Impl(Client& client_, const Kind& kind_, Where where_, const Clock& clock_,
       std::function<void()> on_change_)
      : client(client_),
        kind(kind_),
        where(std::move(where_)),
        clock(clock_),
        on_change(std::move(on_change_)),
        health{.since = clock_.mono()} {
    where.is_cancelled = [this] { return is_stopping.load(); };
    thread = std::thread([this] { run(); });
  }

  ~Impl() {
    {
      std::lock_guard lock(mutex);
      is_stopping = true;
    }
    stop.notify_all();
    thread.join();
  }

  void run() {
    while (!is_stopping) {
      Result<> done = version.empty() ? list() : watch();
      if (is_stopping) return;
      if (!done) {
        version.clear();
        // A version that is too old says nothing about the server's health.
        if (done.error().code != Code::conflict) note_health(false, done.error().message);
      }
      if (!is_fresh) wait();
    }
  }

  Result<> list() {
    is_fresh = false;
    TIDEGATE_TRY(Client::List listed, client.list(kind, where));
    Objects now;
    for (Json& item : listed.items) {
      std::string name = metadata_text(item, "name");
      now.insert_or_assign(std::move(name), std::move(item));
    }
    version = listed.resource_version.empty() ? "0" : listed.resource_version;
    note_health(true, {});
    bool is_changed = false;
    {
      std::lock_guard lock(mutex);
      is_changed = !is_listed || now != objects;
      is_listed = true;
      if (is_changed) {
        objects = std::move(now);
        published.reset();
      }
    }
    if (is_changed && on_change) on_change();
    is_fresh = true;  // the watch comes at once; the pause stays long until it has given something
    return {};
  }

  Result<> watch() {
    is_fresh = false;
    return client.watch(
        kind, where, version,
        [this](std::string_view type, const Json& object) { receive(type, object); },
        [this] { return is_stopping.load(); });
  }

  void receive(std::string_view type, const Json& object) {
    if (is_stopping) return;
    is_fresh = true;
    pause = kPauseMin;
    if (std::string seen = metadata_text(object, "resourceVersion"); !seen.empty()) version = seen;
    if (type == "BOOKMARK") return;
    {
      std::lock_guard lock(mutex);
      std::string name = metadata_text(object, "name");
      if (type == "DELETED") {
        objects.erase(name);
      } else {
        objects.insert_or_assign(std::move(name), object);
      }
      published.reset();
    }
    if (on_change) on_change();
  }

  void note_health(bool is_connected, std::string error) {
    std::lock_guard lock(mutex);
    if (health.is_connected != is_connected) health.since = clock.mono();
    health.is_connected = is_connected;
    health.error = std::move(error);
  }

  void wait() {
    std::unique_lock lock(mutex);
    stop.wait_for(lock, pause, [this] { return is_stopping.load(); });
    pause = std::min(pause * 2, kPauseMax);
  }
};

LiveSet::LiveSet(Client& client, const Kind& kind, Where where, const Clock& clock,
                 std::function<void()> on_change)
    : impl_(std::make_unique<Impl>(client, kind, std::move(where), clock, std::move(on_change))) {}

LiveSet::~LiveSet() = default;

std::shared_ptr<const LiveSet::Objects> LiveSet::snapshot() const {
  std::lock_guard lock(impl_->mutex);
  if (!impl_->is_listed) return nullptr;
  if (!impl_->published) impl_->published = std::make_shared<const Objects>(impl_->objects);
  return impl_->published;
}

LiveSet::Health LiveSet::health() const {
  std::lock_guard lock(impl_->mutex);
  return impl_->health;
}

}  // namespace tidegate::kube
