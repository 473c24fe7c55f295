// A replica that can be reached over a network answers its routers only.
#include "server_fixture.h"

namespace tidegate::scoring {
namespace {

constexpr std::string_view kRight = "x-tidegate-replica-secret: s3cret\r\n";

class ReplicaSecretTest : public ServerTest {
 protected:
  ReplicaSecretTest() { options_.front.replica_secret = Secret("s3cret"); }
};

TEST_F(ReplicaSecretTest, WhoDoesNotShowItIsRefusedAndNothingStarts) {
  start_and_open();
  struct Row {
    std::string_view method, target, headers;
  };
  for (const Row& row :
       {Row{"GET", "/score", ""}, Row{"GET", "/swagger.json", ""}, Row{"GET", "/nowhere", ""},
        Row{"OPTIONS", "/", ""}, Row{"GET", "/score", "x-tidegate-replica-secret: \r\n"},
        Row{"GET", "/score", "x-tidegate-replica-secret: s3cres\r\n"},
        Row{"GET", "/score", "x-tidegate-replica-secret: s3cret2\r\n"},
        Row{"GET", "/score", "x_tidegate_replica_secret: s3cret\r\n"},
        Row{"GET", "/score?x-tidegate-replica-secret=s3cret", ""}}) {
    auto answer = connect().call(row.method, row.target, row.headers);
    EXPECT_EQ(answer.status, 401) << row.method << " " << row.target << " " << row.headers;
    EXPECT_EQ(answer.header("x-tidegate-not-started"), "1");
    EXPECT_NE(answer.body.find("x-tidegate-replica-secret is missing"), std::string::npos);
    EXPECT_EQ(answer.body.find("s3cret"), std::string::npos);
  }
  EXPECT_TRUE(worker_.holds_none());
}

TEST_F(ReplicaSecretTest, IsAskedForBeforeTheBodyIsRead) {
  start_and_open();
  Client client = connect();
  client.send("POST /score HTTP/1.1\r\nHost: h\r\nContent-Length: 5000000\r\n\r\n");
  EXPECT_EQ(client.receive().status, 401);
}

TEST_F(ReplicaSecretTest, IsAskedForBeforeInitHasReturned) {
  start();
  EXPECT_EQ(connect().post("/score", "{}").status, 401);
}

TEST_F(ReplicaSecretTest, ProbesNeedNone) {
  start_and_open();
  EXPECT_EQ(connect().get("/").body, "Healthy");
}

TEST_F(ReplicaSecretTest, WhoShowsItIsServedAndTheScriptDoesNotSeeIt) {
  start_and_open({.headers = true});
  Client client = connect();
  client.send(post_text("{}", std::string(kRight) + "X-Other: 1\r\n"));
  Job& job = worker_.next();
  bool has_other = false;
  for (const auto& [name, value] : job.request.headers) {
    EXPECT_EQ(value.find("s3cret"), std::string::npos) << name;
    has_other |= name == "X-Other";
  }
  EXPECT_TRUE(has_other);
  job.outcome = {.body = "{}"};
  server_->finish(job);
  EXPECT_EQ(client.receive().status, 200);
}

TEST_F(ServerTest, AReplicaWithoutASecretDoesNotShowOneToItsScriptEither) {
  start_and_open({.headers = true});
  Client client = connect();
  client.send(post_text("{}", kRight));
  Job& job = worker_.next();
  for (const auto& [name, value] : job.request.headers) {
    EXPECT_EQ(value.find("s3cret"), std::string::npos) << name;
  }
  job.outcome = {.body = "{}"};
  server_->finish(job);
  EXPECT_EQ(client.receive().status, 200);
}

}  // namespace
}  // namespace tidegate::scoring
