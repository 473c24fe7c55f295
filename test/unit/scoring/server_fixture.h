#pragma once

#include <gtest/gtest.h>

#include "client.h"
#include "held_worker.h"
#include "os/real_clock.h"
#include "os/real_random.h"
#include "scoring/server.h"
#include "support/temp_dir.h"

namespace tidegate::scoring {

// A real server on a loopback port and on a unix socket, with a worker that the test plays.
class ServerTest : public testing::Test {
 protected:
  ServerTest() {
    options_.addresses = {*http::Address::parse("tcp:127.0.0.1:0"),
                          *http::Address::parse("unix:" + (folder_ / "s").string())};
    options_.front.version = "tidegate/test";
    options_.front.body_limits.spill_folder = folder_.path();
  }

  void start() {
    server_.emplace(options_, worker_, clock_, random_);
    ASSERT_TRUE(server_->start());
  }
  void start_and_open(Needs needs = {}, SwaggerDocuments swagger = {}) {
    start();
    server_->open(needs, std::move(swagger));
  }
  Client connect() { return Client(server_->addresses()[0]); }

  // Takes the next job and answers it.
  void answer_next(Outcome outcome = {.body = "{}"}) {
    Job& job = worker_.next();
    job.outcome = std::move(outcome);
    server_->finish(job);
  }
  // One request from its sending to its reply.
  Client::Answer round_trip(Client& client, std::string_view request, Outcome outcome) {
    client.send(request);
    answer_next(std::move(outcome));
    return client.receive();
  }

  test::TempDir folder_;
  os::RealClock clock_;
  os::RealRandom random_;
  HeldWorker worker_;
  ServerOptions options_;
  std::optional<Server> server_;
};

}  // namespace tidegate::scoring
