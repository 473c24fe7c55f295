#pragma once

#include "control/action.h"
#include "control/context.h"
#include "control/world.h"
#include "http/loop.h"

namespace tidegate::control {

// Goes round: look at the backend (on the lane), bring the routing table up to date, plan, do. One
// round at a time. What an action does on the lane is done before the next look, because the lane
// keeps order. Belongs to the loop's thread.
class Reconciler {
 public:
  Reconciler(Context& context, http::Loop& loop);

  void start() { look(); }
  // Something changed: the next round comes soon.
  void kick();
  // No more actions; a look that is under way is ignored.
  void stop();

 private:
  void look();
  struct Seen {
    std::vector<backend::Replica> replicas;
    std::vector<backend::VersionSeen> versions;
  };
  static Result<Seen> look_at(backend::Backend& backend);
  void on_look(Result<Seen> seen);
  void on_blind(const Error& error);
  void go_round(Seen seen);
  bool reload_world();
  void remember(std::vector<backend::Replica> replicas);
  void remember_versions(std::vector<backend::VersionSeen> versions);
  void publish();
  void tell_news();  // of routers, to those who wait
  void forgive_old_crashes();
  Observed observe() const;
  int act_on(const Observed& observed);
  std::vector<Action> plan_for(const ServiceWanted& service, const Observed& observed,
                               MonoTime now) const;
  bool is_changing() const;
  void schedule(Milliseconds delay);

  Context& context_;
  http::Timer timer_;
  World world_;
  std::uint64_t world_changes_ = 0;
  bool has_world_ = false;
  bool looking_ = false;
  bool again_ = false;
  bool stopped_ = false;
  std::string blind_because_;  // the backend could not be looked at, as logged
  int rounds_in_a_row_ = 0;    // that had something to do
};

}  // namespace tidegate::control
