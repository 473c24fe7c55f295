#include "router/metrics.h"

#include <gtest/gtest.h>

#include "router/fleet.h"

namespace tidegate::router {
namespace {

class NoWatcher final : public SlotWatcher {
  void on_slot_freed(const std::shared_ptr<VersionState>&) override {}
};

telemetry::AccessRecord record_of(std::string service, int status, Reason reason) {
  return {.workspace = service.empty() ? "" : "default",
          .service = service,
          .version = "v1",
          .replica = "r",
          .status = status,
          .reason = word_of(reason),
          .queue = telemetry::Microseconds(10),
          .upstream = telemetry::Microseconds(2000),
          .total = telemetry::Microseconds(3000)};
}

class Metrics : public ::testing::Test {
 protected:
  Metrics() {
    table::Version config{
        .id = "s.1", .name = "v1", .replicas = {{"a", "unix:/a"}, {"b", "unix:/b"}}};
    routes_ = fleet_.build(
        {.version = 9,
         .services = {
             {.workspace = "default", .name = "s", .key_sha256 = {}, .versions = {config}}}});
  }
  bool page_has(const std::string& line) const {
    const std::string page = metrics_page(cores_, *routes_);
    return page.find("\n" + line + "\n") != std::string::npos;
  }

  NoWatcher watcher_;
  Fleet fleet_{1, watcher_};
  RoutesPtr routes_;
  std::vector<CoreSnapshot> cores_{2};
};

TEST_F(Metrics, CoresAreAddedUp) {
  cores_[0].counters.count(record_of("s", 200, Reason::answered));
  cores_[1].counters.count(record_of("s", 200, Reason::answered));
  cores_[1].counters.count(record_of("s", 502, Reason::replica_failed));
  cores_[0].connections = 2;
  cores_[1].connections = 3;
  cores_[1].counters.count_retry({"default", "s"}, policy::Outcome::not_started);
  cores_[0].counters.count_retry({"default", "s"}, policy::Outcome::refused);
  cores_[1].counters.count_retry({"default", "s"}, policy::Outcome::refused);
  EXPECT_TRUE(
      page_has("tidegate_router_requests_total{workspace=\"default\",service=\"s\","
               "version=\"v1\",status=\"200\",reason=\"answered\"} 2"));
  EXPECT_TRUE(
      page_has("tidegate_router_requests_total{workspace=\"default\",service=\"s\","
               "version=\"v1\",status=\"502\",reason=\"replica_failed\"} 1"));
  EXPECT_TRUE(
      page_has("tidegate_router_retries_total{workspace=\"default\",service=\"s\","
               "reason=\"not_started\"} 1"));
  EXPECT_TRUE(
      page_has("tidegate_router_retries_total{workspace=\"default\",service=\"s\","
               "reason=\"refused\"} 2"));
  EXPECT_TRUE(
      page_has("tidegate_router_upstream_seconds_bucket{workspace=\"default\","
               "service=\"s\",le=\"0.0025\"} 3"));
  EXPECT_TRUE(page_has("tidegate_router_connections 5"));
  EXPECT_TRUE(page_has("tidegate_router_table_version 9"));
}

TEST_F(Metrics, SlotsAndQueuesAreReadWhereTheyAre) {
  const LiveVersion& version = routes_->services()[0].versions[0];
  auto ticket = Ticket::claim(version.replicas[1], 1);
  version.state->waiting = 4;
  const std::string labels = "{workspace=\"default\",service=\"s\",version=\"v1\"}";
  EXPECT_TRUE(page_has("tidegate_router_in_flight" + labels + " 1"));
  EXPECT_TRUE(page_has("tidegate_router_queue_length" + labels + " 4"));
  EXPECT_TRUE(page_has("tidegate_router_replicas" + labels + " 2"));
  version.state->waiting = 0;
}

TEST_F(Metrics, ServicesThatWentAreForgottenAndStrangersAreNot) {
  Counters counters;
  counters.count(record_of("gone", 200, Reason::answered));
  counters.count(record_of("s", 200, Reason::answered));
  counters.count(record_of("", 404, Reason::no_route));
  counters.keep_only(*routes_);
  EXPECT_EQ(counters.services().size(), 2U);
  EXPECT_FALSE(counters.services().contains({"default", "gone"}));
}

}  // namespace
}  // namespace tidegate::router
