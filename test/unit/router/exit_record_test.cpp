// How a replica ended that had a request: what the client is told, and when.
#include <thread>

#include <gtest/gtest.h>

#include "router/exit_records.h"
#include "unit/router/harness.h"

namespace tidegate::router {
namespace {

using namespace std::chrono_literals;

constexpr std::string_view kRecord = R"({"signal": 11, "text": "killed by signal 11"})";

class ExitRecord : public ::testing::Test {
 protected:
  ExitRecord() : table_(one_service({&replica_})) {
    only_version(table_).replicas.front().exit_record = path().string();
  }
  os::Path path() const { return folder_ / "exit.json"; }
  void write(std::string_view text) {
    ASSERT_TRUE(os::write_file_atomic(path(), text).has_value());
  }
  // A client whose request the replica has, and no answer to.
  http::RawSocket client_of_dead_replica(Harness& router) {
    http::RawSocket socket = router.connect();
    socket.send(text_of({}));
    EXPECT_TRUE(replica_.wait_for(0).has_value());
    replica_.die();
    return socket;
  }

  test::TempDir folder_;
  FakeReplica replica_{"r1"};
  table::Table table_;
};

TEST_F(ExitRecord, ThatDoesNotComeIsSaidToBeUnknownAndWhereToLook) {
  Harness router(table_);
  http::RawSocket socket = client_of_dead_replica(router);
  const auto began = std::chrono::steady_clock::now();
  const Answer answer = read_answer(socket);
  EXPECT_LT(std::chrono::steady_clock::now() - began, 5s);
  EXPECT_EQ(answer.status, 502);
  EXPECT_EQ(answer.reason(), "replica_exited");
  EXPECT_NE(answer.body.find("is not known here"), std::string::npos) << answer.body;
  EXPECT_NE(answer.body.find("tidegate service get-logs -n diabetes"), std::string::npos);
}

TEST_F(ExitRecord, ThatIsNoRecordIsAsIfItWereNotThere) {
  write("[1, 2");
  Harness router(table_);
  http::RawSocket socket = client_of_dead_replica(router);
  EXPECT_NE(read_answer(socket).body.find("is not known here"), std::string::npos);
}

TEST_F(ExitRecord, IsInTheMessage) {
  write(kRecord);
  Harness router(table_);
  http::RawSocket socket = client_of_dead_replica(router);
  const Answer answer = read_answer(socket);
  EXPECT_EQ(answer.reason(), "replica_exited");
  EXPECT_NE(answer.body.find("killed by signal 11 while it had this request"), std::string::npos)
      << answer.body;
}

TEST_F(ExitRecord, IsWaitedFor) {
  Harness router(table_);
  http::RawSocket socket = client_of_dead_replica(router);
  // The replica's connections are closed by now, and the file is not there yet.
  write(kRecord);
  EXPECT_NE(read_answer(socket).body.find("killed by signal 11"), std::string::npos);
}

TEST_F(ExitRecord, OfAClientThatLeavesHurtsNobody) {
  Harness router(table_);
  client_of_dead_replica(router).reset();
  replica_.come_back();
  replica_.answer_by([](const SeenRequest&) { return ok("back"); });
  EXPECT_EQ(ask(router).body, "back");
}

TEST_F(ExitRecord, OfARouterThatStopsIsNotWaitedForLongerThanItsLimit) {
  Harness router(table_);
  http::RawSocket socket = client_of_dead_replica(router);
  router.stop();
  EXPECT_EQ(read_answer(socket).status, 502);
  router.wait_until_stopped();
}

TEST_F(ExitRecord, WithoutAPathNothingIsWaitedFor) {
  only_version(table_).replicas.front().exit_record.clear();
  Harness router(table_);
  http::RawSocket socket = client_of_dead_replica(router);
  const auto began = std::chrono::steady_clock::now();
  EXPECT_EQ(read_answer(socket).reason(), "replica_exited");
  EXPECT_LT(std::chrono::steady_clock::now() - began, RouterOptions{}.exit_wait);
}

TEST_F(ExitRecord, MayBeToldBySomebodyElse) {
  std::atomic<int> asked = 0;
  Harness router(table_, {.exit_text =
                              [&](const std::string& record) {
                                const bool is_known = record == path() && ++asked > 3;
                                return is_known ? std::optional<std::string>("ended oddly")
                                                : std::nullopt;
                              },
                          .exit_wait = 60s});
  http::RawSocket socket = client_of_dead_replica(router);
  const Answer answer = read_answer(socket);
  EXPECT_NE(answer.body.find("its process ended oddly while"), std::string::npos) << answer.body;
}

TEST(ReadExitRecord, CutsATextThatIsTooLong) {
  test::TempDir folder;
  const os::Path path = folder / "exit.json";
  const std::string record = R"({"text": ")" + std::string(10'000, 'x') + R"("})";
  ASSERT_TRUE(os::write_file_atomic(path, record).has_value());
  EXPECT_EQ(read_exit_record(path.string())->size(), 300U);
}

}  // namespace
}  // namespace tidegate::router
