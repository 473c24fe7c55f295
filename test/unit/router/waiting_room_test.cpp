#include "router/waiting_room.h"

#include <gtest/gtest.h>

#include "router/fleet.h"
#include "support/sim.h"

namespace tidegate::router {
namespace {

using namespace std::chrono_literals;

// A core that only remembers what was delivered.
class FakeCore final : public WaitingRoom::Host, public SlotWatcher {
 public:
  const Routes& newest_routes() const override { return *routes; }
  MonoTime now() const override { return clock.mono(); }
  std::uint64_t dice() override { return 0; }
  void deliver(ExchangeId exchange, Admission admission) override {
    delivered.emplace_back(exchange.value, std::move(admission));
  }
  void on_slot_freed(const std::shared_ptr<VersionState>&) override { ++freed; }

  test::SimClock clock;
  RoutesPtr routes;
  int freed = 0;
  std::vector<std::pair<std::uint64_t, Admission>> delivered;
};

class WaitingRooms : public ::testing::Test {
 protected:
  WaitingRooms() { use_table(1, {"a"}); }

  void use_table(std::uint64_t version, const std::vector<std::string>& replicas,
                 std::string version_id = "v.1") {
    table::Version config{.id = std::move(version_id), .name = "v", .replicas = {}};
    for (const std::string& id : replicas) {
      config.replicas.push_back({.id = id, .address = "unix:/tmp/" + id});
    }
    core_.routes = fleet_.build(
        {.version = version,
         .services = {
             {.workspace = "default", .name = "s", .key_sha256 = {}, .versions = {config}}}});
  }
  const LiveVersion& version() { return core_.routes->services()[0].versions[0]; }
  Ticket take_slot(std::size_t replica = 0) {
    return std::move(*Ticket::claim(version().replicas[replica], 1));
  }
  // As an exchange does it.
  void join(std::uint64_t id, Milliseconds wait = 500ms,
            WaitingRoom::End end = WaitingRoom::End::back) {
    version().state->waiting.fetch_add(1);
    room_.join(version().state, {id}, core_.now() + wait, end);
  }
  Reason reason_of(std::size_t delivery) {
    return std::get<LocalReply>(core_.delivered.at(delivery).second).reason;
  }

  FakeCore core_;
  Fleet fleet_{1, core_};
  http::Loop loop_;  // never runs: tests pump
  WaitingRoom room_{loop_, core_};
};

TEST_F(WaitingRooms, NobodyIsServedWhileAllAreBusy) {
  Ticket busy = take_slot();
  join(1);
  core_.clock.advance(499ms);
  room_.pump(version().state);
  EXPECT_TRUE(core_.delivered.empty());
  EXPECT_EQ(version().state->waiting, 1U);
}

TEST_F(WaitingRooms, WaitingEndsAtTheDeadline) {
  Ticket busy = take_slot();
  join(1);
  core_.clock.advance(500ms);
  room_.pump(version().state);
  EXPECT_EQ(reason_of(0), Reason::queue_timeout);
  EXPECT_EQ(version().state->waiting, 0U);
}

TEST_F(WaitingRooms, WithoutAnyReplicaTheReasonIsAnother) {
  use_table(2, {});
  join(1);
  core_.clock.advance(500ms);
  room_.pump(version().state);
  EXPECT_EQ(reason_of(0), Reason::no_replica);
}

TEST_F(WaitingRooms, FreeSlotsGoToTheFirstWhoCame) {
  auto busy = std::make_unique<Ticket>(take_slot());
  for (std::uint64_t id : {7U, 8U, 9U}) join(id);
  busy.reset();
  EXPECT_EQ(core_.freed, 1);
  room_.pump(version().state);
  ASSERT_EQ(core_.delivered.size(), 1U);
  EXPECT_EQ(core_.delivered[0].first, 7U);
  EXPECT_TRUE(std::holds_alternative<Ticket>(core_.delivered[0].second));
  EXPECT_EQ(version().state->waiting, 2U);
}

TEST_F(WaitingRooms, OneThatWasRefusedGoesFirst) {
  auto busy = std::make_unique<Ticket>(take_slot());
  join(1);
  join(2, 500ms, WaitingRoom::End::front);
  busy.reset();
  room_.pump(version().state);
  EXPECT_EQ(core_.delivered.at(0).first, 2U);
}

TEST_F(WaitingRooms, AFreeSlotCountsMoreThanADeadlineThatHasCome) {
  auto busy = std::make_unique<Ticket>(take_slot());
  join(1, 0ms, WaitingRoom::End::front);
  EXPECT_EQ(reason_of(0), Reason::queue_timeout) << "no slot, no wait";
  busy.reset();
  join(2, 0ms);
  EXPECT_TRUE(std::holds_alternative<Ticket>(core_.delivered.at(1).second));
}

TEST_F(WaitingRooms, WhoLeftIsNotServed) {
  auto busy = std::make_unique<Ticket>(take_slot());
  join(1);
  join(2);
  room_.leave(version().state, {1});
  room_.leave(version().state, {1});
  EXPECT_EQ(version().state->waiting, 1U);
  busy.reset();
  room_.pump(version().state);
  EXPECT_EQ(core_.delivered.at(0).first, 2U);
}

TEST_F(WaitingRooms, AReplicaThatCameLaterIsSeenAndOneThatWentIsNot) {
  Ticket busy = take_slot();
  join(1);
  use_table(2, {"b"});
  room_.pump_all();
  EXPECT_EQ(std::get<Ticket>(core_.delivered.at(0).second).replica()->id, "b");
}

TEST_F(WaitingRooms, WhenTheVersionGoesAllChooseAgainInOrder) {
  Ticket busy = take_slot();
  const std::shared_ptr<VersionState> old = version().state;
  join(1);
  join(2);
  use_table(2, {"b"}, "v.2");
  room_.pump_all();
  ASSERT_EQ(core_.delivered.size(), 2U);
  EXPECT_EQ(core_.delivered[0].first, 1U);
  EXPECT_TRUE(std::holds_alternative<ChooseAgain>(core_.delivered[0].second));
  EXPECT_TRUE(std::holds_alternative<ChooseAgain>(core_.delivered[1].second));
  EXPECT_EQ(old->waiting, 0U);
}

TEST_F(WaitingRooms, OneWhoComesForAVersionThatIsGoneChoosesAgain) {
  const std::shared_ptr<VersionState> old = version().state;
  use_table(2, {"b"}, "v.2");
  old->waiting.fetch_add(1);
  room_.join(old, {5}, core_.now() + 500ms, WaitingRoom::End::back);
  EXPECT_TRUE(std::holds_alternative<ChooseAgain>(core_.delivered.at(0).second));
}

TEST_F(WaitingRooms, ARestingReplicaIsWaitedFor) {
  version().replicas[0]->rest(policy::Outcome::not_started, core_.now());
  join(1);
  EXPECT_TRUE(core_.delivered.empty());
  core_.clock.advance(10ms);
  room_.pump(version().state);
  EXPECT_TRUE(std::holds_alternative<Ticket>(core_.delivered.at(0).second));
}

}  // namespace
}  // namespace tidegate::router
