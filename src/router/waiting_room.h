#pragma once

#include <cstdint>
#include <memory>
#include <unordered_map>
#include <variant>

#include "http/loop.h"
#include "policy/admission_queue.h"
#include "router/local_reply.h"
#include "router/routes.h"

namespace tidegate::router {

// Names one exchange of this router: its core and its number there.
struct ExchangeId {
  std::uint64_t value = 0;

  static ExchangeId make(unsigned core, std::uint64_t number) {
    return {(std::uint64_t{core} << 48) | number};
  }
  unsigned core() const { return static_cast<unsigned>(value >> 48); }
};

// How waiting ends: with a slot, with a refusal, or because the version has left the table and the
// request must choose again.
struct ChooseAgain {};
using Admission = std::variant<Ticket, LocalReply, ChooseAgain>;

// The queues of the versions whose home is this core. Whoever comes has added itself to the
// version's `waiting` before; leaving takes it off. Belongs to the core's thread.
class WaitingRoom {
 public:
  // What it needs from its core.
  class Host {
   public:
    virtual const Routes& newest_routes() const = 0;
    virtual MonoTime now() const = 0;
    virtual std::uint64_t dice() = 0;
    virtual void deliver(ExchangeId exchange, Admission admission) = 0;

   protected:
    ~Host() = default;
  };
  enum class End { back, front };

  WaitingRoom(http::Loop& loop, Host& host) : loop_(loop), host_(host) {}

  void join(const std::shared_ptr<VersionState>& version, ExchangeId exchange, MonoTime deadline,
            End end);
  // For a client that left. Nothing happens if its turn has come already.
  void leave(const std::shared_ptr<VersionState>& version, ExchangeId exchange);
  // A slot may be free.
  void pump(const std::shared_ptr<VersionState>& version);
  void pump_all();  // the table changed
  void refuse_all(const LocalReply& reply);

 private:
  struct Queue {
    explicit Queue(http::Loop& loop) : timer(loop) {}
    std::shared_ptr<VersionState> version;
    policy::AdmissionQueue waiters;
    http::Timer timer;
  };

  void pump(Queue& queue);
  void finish(Queue& queue, policy::AdmissionQueue::Id id, Admission admission);
  void arm_timer(Queue& queue, const LiveVersion& live, MonoTime now);
  void settle(const VersionState* version);

  http::Loop& loop_;
  Host& host_;
  std::unordered_map<const VersionState*, std::unique_ptr<Queue>> queues_;
  std::vector<std::uint32_t> loads_;
};

}  // namespace tidegate::router
