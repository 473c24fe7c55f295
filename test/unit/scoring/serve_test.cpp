#include <signal.h>

#include <atomic>
#include <functional>
#include <latch>
#include <thread>

#include "scoring/hand_over.h"
#include "scoring/time_limit.h"
#include "server_fixture.h"

namespace tidegate::scoring {
namespace {

// A main thread whose user code is a function of the test's.
class FakeMainThread final : public MainThread {
 public:
  void run(Job& job) override {
    runs_in_ = std::this_thread::get_id();
    on_run_(job);
    job.outcome.body = "\"done\"";
  }
  bool attend() override {
    ++attended_;
    return !leaves_;
  }

  std::function<void(Job&)> on_run_ = [](Job&) {};
  std::atomic<std::thread::id> runs_in_;
  std::atomic<int> attended_{0};
  std::atomic<bool> leaves_{false};
};

class ServeTest : public ServerTest {
 protected:
  ~ServeTest() override {
    if (!main_.joinable()) return;
    server_->stop_admitting();
    server_->wake();
    main_.join();
  }

  void serve() {
    server_.emplace(options_, jobs_, clock_, random_);
    ASSERT_TRUE(server_->start());
    server_->open({}, {});
    main_ = std::thread([this] { served_well_ = server_->serve(main_thread_, &jobs_); });
  }
  // One whole answer: the main thread has the loop.
  void wait_until_served() {
    while (main_thread_.attended_ == 0) std::this_thread::sleep_for(Milliseconds(1));
  }

  HandOver jobs_{clock_};
  FakeMainThread main_thread_;
  std::thread main_;
  std::atomic<bool> served_well_{false};
};

TEST_F(ServeTest, QuickRunsNeedNoHelper) {
  options_.tick = Milliseconds(60'000);
  serve();
  wait_until_served();
  Client client = connect();
  for (int i = 0; i < 100; ++i) EXPECT_EQ(client.post("/score", "1").body, "\"done\"");
  EXPECT_EQ(server_->take_overs(), 0U);
  EXPECT_EQ(main_thread_.runs_in_.load(), main_.get_id());
}

TEST_F(ServeTest, OthersAreAnsweredWhileUserCodeRuns) {
  std::latch begun(1);
  std::latch gate(1);
  main_thread_.on_run_ = [&](Job&) {
    begun.count_down();
    gate.wait();
  };
  serve();
  Client slow = connect();
  slow.send(post_text("1"));
  begun.wait();
  Client other = connect();
  EXPECT_EQ(other.get("/").body, "Healthy");
  auto refusal = other.post("/score", "2");
  EXPECT_EQ(refusal.status, 503);
  EXPECT_EQ(refusal.header("x-tidegate-not-started"), "1");
  EXPECT_GT(server_->take_overs(), 0U);
  gate.count_down();
  EXPECT_EQ(slow.receive().body, "\"done\"");
}

TEST_F(ServeTest, JobsThatWaitAreRunInOrderAndOthersAnsweredInBetween) {
  options_.front.concurrent_max = 4;
  std::latch begun(1);
  std::latch gate(1);
  std::string order;
  main_thread_.on_run_ = [&](Job& job) {
    if (order.empty()) {
      begun.count_down();
      gate.wait();
    }
    order += job.request.body.memory();
  };
  serve();
  std::vector<Client> clients;
  for (const char* body : {"a", "b", "c", "d"}) {
    clients.push_back(connect());
    clients.back().send(post_text(body));
    if (clients.size() == 1) begun.wait();
    // It has been read once a later request of the same kind has been answered.
    EXPECT_EQ(connect().get("/").status, 200);
    EXPECT_EQ(connect().get("/").status, 200);
  }
  gate.count_down();
  for (Client& client : clients) EXPECT_EQ(client.receive().status, 200);
  EXPECT_EQ(order, "abcd");
}

// The first job waits for the others to be read, so that they follow each other at once.
TEST_F(ServeTest, AReplyThatWaitsForOthersDoesNotWaitForALongRun) {
  options_.front.concurrent_max = 3;
  std::latch begun(1);
  std::latch all_read(1);
  std::latch gate(1);
  main_thread_.on_run_ = [&](Job& job) {
    if (job.request.body.memory() == "first") {
      begun.count_down();
      all_read.wait();
    }
    if (job.request.body.memory() == "long") gate.wait();
  };
  serve();
  Client first = connect();
  first.send(post_text("first"));
  begun.wait();
  Client quick = connect();
  Client slow = connect();
  quick.send(post_text("quick"));
  EXPECT_EQ(connect().get("/").status, 200);
  slow.send(post_text("long"));
  EXPECT_EQ(connect().get("/").status, 200);
  all_read.count_down();
  EXPECT_EQ(first.receive().status, 200);
  EXPECT_EQ(quick.receive().status, 200);  // by the helper, if need be
  gate.count_down();
  EXPECT_EQ(slow.receive().status, 200);
}

TEST_F(ServeTest, AWakeIsAttendedToWhileIdleAndAfterARun) {
  serve();
  wait_until_served();
  const int before = main_thread_.attended_;
  server_->wake();
  while (main_thread_.attended_ == before) std::this_thread::sleep_for(Milliseconds(1));
  EXPECT_EQ(connect().post("/score", "1").status, 200);
  // After activity, once idle: user code may have changed what wakes the server.
  const int later = main_thread_.attended_;
  while (main_thread_.attended_ == later) std::this_thread::sleep_for(Milliseconds(1));
}

TEST_F(ServeTest, LeavesWhenTheMainThreadSaysSo) {
  serve();
  wait_until_served();
  main_thread_.leaves_ = true;
  server_->wake();
  main_.join();
  EXPECT_FALSE(served_well_);
}

TEST_F(ServeTest, StoppingFinishesWhatWasAdmitted) {
  options_.front.concurrent_max = 2;
  std::latch begun(1);
  std::latch gate(1);
  std::atomic<int> runs{0};
  main_thread_.on_run_ = [&](Job&) {
    if (runs++ > 0) return;
    begun.count_down();
    gate.wait();
  };
  serve();
  Client first = connect();
  Client second = connect();
  first.send(post_text("1"));
  begun.wait();
  second.send(post_text("2"));
  EXPECT_EQ(connect().get("/").status, 200);
  EXPECT_EQ(connect().get("/").status, 200);
  server_->stop_admitting();
  server_->wake();
  EXPECT_EQ(connect().post("/score", "3").header("x-tidegate-not-started"), "1");
  gate.count_down();
  EXPECT_EQ(first.receive().status, 200);
  EXPECT_EQ(second.receive().status, 200);
  main_.join();
  EXPECT_TRUE(served_well_);
}

TEST_F(ServeTest, ThreadsRunJobsWhileTheMainThreadServes) {
  options_.front.concurrent_max = 2;
  server_.emplace(options_, jobs_, clock_, random_);
  ASSERT_TRUE(server_->start());
  server_->open({}, {});
  main_ = std::thread([this] { served_well_ = server_->serve(main_thread_, nullptr); });
  std::latch both(2);
  std::vector<std::thread> workers;
  for (int i = 0; i < 2; ++i) {
    workers.emplace_back([&] {
      while (Job* job = jobs_.wait_and_take()) {
        both.arrive_and_wait();  // only if they overlap
        job->outcome.body = "1";
        server_->finish(*job);
      }
    });
  }
  Client first = connect();
  Client second = connect();
  first.send(post_text("1"));
  second.send(post_text("2"));
  EXPECT_EQ(first.receive().status, 200);
  EXPECT_EQ(second.receive().status, 200);
  server_->stop_admitting();
  server_->wake();
  main_.join();
  for (std::thread& worker : workers) worker.join();
  EXPECT_TRUE(served_well_);
}

// A run() that hangs in C: the grace is real time, so this test takes a second.
TEST_F(ServeTest, AJobThatDoesNotComeBackIsAnsweredAndTheOthersAreRefused) {
  options_.front.concurrent_max = 2;
  options_.front.scoring_timeout = Milliseconds(20);
  std::latch begun(1);
  std::latch gate(1);
  std::latch told(1);
  options_.on_stuck = [&] { told.count_down(); };
  main_thread_.on_run_ = [&](Job&) {
    begun.count_down();
    gate.wait();
  };
  ::signal(SIGALRM, SIG_IGN);
  serve();
  Client stuck = connect();
  stuck.send(post_text("1"));
  begun.wait();
  Client waiting = connect();
  waiting.send(post_text("2"));
  auto answer = stuck.receive();
  EXPECT_EQ(answer.status, 500);
  EXPECT_EQ(answer.body, R"({"message": "Scoring timeout after 20 ms"})");
  EXPECT_EQ(answer.header("x-ms-run-function-failed"), "True");
  auto refusal = waiting.receive();
  EXPECT_EQ(refusal.status, 503);
  EXPECT_EQ(refusal.header("x-tidegate-not-started"), "1");
  told.wait();  // the replies have been written
  gate.count_down();
  main_.join();
  ::signal(SIGALRM, SIG_DFL);
}

TEST(GraceAfter, IsATenthOfTheLimitWithinBounds) {
  EXPECT_EQ(grace_after(Milliseconds(100)), Milliseconds(1'000));
  EXPECT_EQ(grace_after(Milliseconds(60'000)), Milliseconds(6'000));
  EXPECT_EQ(grace_after(Milliseconds(3'600'000)), Milliseconds(30'000));
}

}  // namespace
}  // namespace tidegate::scoring
