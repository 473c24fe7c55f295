#pragma once

#include <poll.h>

#include <gtest/gtest.h>

#include "client.h"
#include "fake_process.h"
#include "os/real_clock.h"
#include "os/real_random.h"
#include "scoring/balancer_server.h"
#include "support/temp_dir.h"

namespace tidegate::scoring {

// A real balancer on a loopback port, with workers that the test plays.
class BalancerTest : public testing::Test {
 protected:
  BalancerTest() {
    options_.addresses = {*http::Address::parse("tcp:127.0.0.1:0")};
    options_.balancer.version = "tidegate/test";
    options_.balancer.body_limits.spill_folder = folder_.path();
  }

  void start(std::size_t concurrent_max) {
    options_.balancer.concurrent_max = concurrent_max;
    server_.emplace(options_, clock_, random_);
    ASSERT_TRUE(server_->start());
  }
  // A worker process that is ready.
  FakeProcess& add(int number, std::size_t slots = 1, std::uint64_t requests_max = 0) {
    auto& process = *processes_.emplace_back(
        std::make_unique<FakeProcess>((folder_ / std::to_string(number)).string()));
    server_->add({.number = number,
                  .pid = 1000 + number,
                  .address = process.address(),
                  .slots = slots,
                  .requests_max = requests_max});
    return process;
  }
  Client connect() { return Client(server_->addresses()[0]); }
  // One that has sent its request.
  Client asking(std::string_view body = "{}", std::string_view headers = "") {
    Client client = connect();
    client.send(post_text(body, headers));
    return client;
  }
  // Waits for the next event of the balancer.
  BalancerEvent next_event() {
    while (events_.empty()) {
      pollfd wait{.fd = server_->event_fd(), .events = POLLIN, .revents = 0};
      EXPECT_EQ(::poll(&wait, 1, /*timeout=*/30'000), 1);
      for (const BalancerEvent& event : server_->take_events()) events_.push_back(event);
    }
    const BalancerEvent event = events_.front();
    events_.pop_front();
    return event;
  }
  void expect_event(BalancerEvent::Kind kind, int worker) {
    const BalancerEvent event = next_event();
    EXPECT_EQ(event.kind, kind);
    EXPECT_EQ(event.worker, worker);
  }
  // Whatever was posted to the balancer and sent to it before has been dealt with.
  void settle() { EXPECT_NE(connect().get("/").status, 0); }

  test::TempDir folder_;
  os::RealClock clock_;
  os::RealRandom random_;
  std::vector<std::unique_ptr<FakeProcess>> processes_;
  BalancerServerOptions options_;
  std::optional<BalancerServer> server_;
  std::deque<BalancerEvent> events_;
};

}  // namespace tidegate::scoring
