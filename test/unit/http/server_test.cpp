#include <gtest/gtest.h>

#include "unit/http/fake_handler.h"

namespace tidegate::http {
namespace {

TEST(Server, AnswersOnAKeptConnection) {
  TestServer server(echo);
  RawSocket client = server.connect();
  for (int i = 0; i < 3; ++i) {
    client.send("POST /a?b=c HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nhello");
    EXPECT_EQ(without_date(client.read_until("<hello>")),
              "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 19\r\n\r\n"
              "POST /a?b=c <hello>");
  }
  EXPECT_EQ(server.connections(), 1u);
}

}  // namespace
}  // namespace tidegate::http
