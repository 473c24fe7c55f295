#include "http/address.h"

#include <gtest/gtest.h>

namespace tidegate::http {
namespace {

TEST(Address, IsReadAndWrittenTheSame) {
  for (const char* text : {"unix:/run/x.sock", "unix:relative", "tcp:127.0.0.1:80",
                           "tcp:[::1]:8080", "tcp:localhost:0", "tcp:0.0.0.0:65535"}) {
    const auto address = Address::parse(text);
    ASSERT_TRUE(address.has_value()) << text;
    EXPECT_EQ(address->text(), text);
    EXPECT_EQ(Address::parse(address->text()).value(), *address);
  }
}

TEST(Address, SaysWhatWouldBeRight) {
  for (const char* text :
       {"", "unix:", "tcp:", "tcp:80", "tcp::80", "tcp:host:", "tcp:host:65536", "tcp:host:-1",
        "tcp:host:8o", "tcp:::1:80", "127.0.0.1:80", "http://x"}) {
    const auto address = Address::parse(text);
    ASSERT_FALSE(address.has_value()) << text;
    EXPECT_EQ(address.error().code, Code::invalid);
    EXPECT_NE(address.error().message.find("unix:/"), std::string::npos);
  }
}

TEST(Address, HostAndPortAsPeopleTypeThem) {
  EXPECT_EQ(parse_host_port("0.0.0.0:80", "--listen")->text(), "tcp:0.0.0.0:80");
  EXPECT_EQ(parse_host_port("[::]:80", "--listen")->text(), "tcp:[::]:80");
  const auto wrong = parse_host_port("8080", "--listen");
  ASSERT_FALSE(wrong.has_value());
  EXPECT_EQ(wrong.error().message,
            "--listen: \"8080\" is no ADDR:PORT: write for example 127.0.0.1:8080, 0.0.0.0:80 or "
            "[::1]:8080");
}

}  // namespace
}  // namespace tidegate::http
