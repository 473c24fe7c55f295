#include "http/head.h"

#include <gtest/gtest.h>

namespace tidegate::http {
namespace {

TEST(Head, NamesHaveNoCase) {
  EXPECT_TRUE(equal_names("Content-Type", "cONTENT-tYPE"));
  EXPECT_FALSE(equal_names("Content-Type", "Content-Typ"));
  EXPECT_FALSE(equal_names("a[", "a{"));  // differ by the bit that letters differ by
  EXPECT_FALSE(equal_names("@", "`"));
  const std::vector<HeaderView> headers{{"A", "1"}, {"b", "2"}, {"B", "3"}};
  EXPECT_EQ(find_header(headers, "B"), "2");
  EXPECT_EQ(find_header(headers, "c"), std::nullopt);
}

TEST(Head, PathAndQueryOfATarget) {
  struct Case {
    std::string_view target, path, query;
  };
  for (const Case& c : std::initializer_list<Case>{{"/a/b?c=d?e", "/a/b", "c=d?e"},
                                                   {"/", "/", ""},
                                                   {"/?", "/", ""},
                                                   {"http://host:1/a?b", "/a", "b"},
                                                   {"http://host", "/", ""},
                                                   {"*", "*", ""}}) {
    RequestHead head;
    head.target = c.target;
    EXPECT_EQ(head.path(), c.path) << c.target;
    EXPECT_EQ(head.query(), c.query) << c.target;
  }
}

TEST(Head, HopByHopNames) {
  for (const char* name : {"Connection", "keep-alive", "Proxy-Connection", "proxy-authorization",
                           "TE", "Trailer", "Transfer-Encoding", "UPGRADE"}) {
    EXPECT_TRUE(is_hop_by_hop(name)) << name;
  }
  for (const char* name : {"Content-Length", "Host", "Proxy", "Proxy-", "Te-", "Server"}) {
    EXPECT_FALSE(is_hop_by_hop(name)) << name;
  }
}

TEST(Head, HopByHopIsAlsoWhatTheConnectionHeaderNames) {
  EXPECT_TRUE(is_hop_by_hop("X-Mine", "close,\t x-mine "));
  EXPECT_TRUE(is_hop_by_hop("TE", ""));
  EXPECT_FALSE(is_hop_by_hop("X-Mine", ""));
  EXPECT_FALSE(is_hop_by_hop("X-Mine", "x-mine-too, x"));
}

TEST(Head, ReasonPhrases) {
  EXPECT_EQ(reason_phrase(200), "OK");
  EXPECT_EQ(reason_phrase(404), "Not Found");
  EXPECT_EQ(reason_phrase(299), "Unknown");
  EXPECT_EQ(reason_phrase(999), "Unknown");
}

TEST(Head, PercentCodes) {
  EXPECT_EQ(percent_decode("a%20b%2Fc%2f"), "a b/c/");
  EXPECT_EQ(percent_decode("%"), "%");
  EXPECT_EQ(percent_decode("%2"), "%2");
  EXPECT_EQ(percent_decode("%zz%00"), std::string("%zz\0", 4));
  EXPECT_EQ(percent_decode("a+b"), "a+b");
  EXPECT_EQ(percent_encode("/a b~\xc3"), "/a%20b~%C3");
}

TEST(Head, Queries) {
  using Pairs = std::vector<std::pair<std::string, std::string>>;
  EXPECT_EQ(parse_query("a=1&b=x%20y+z&&c&d=&=e&a=2=3"),
            (Pairs{{"a", "1"}, {"b", "x y z"}, {"c", ""}, {"d", ""}, {"", "e"}, {"a", "2=3"}}));
  EXPECT_EQ(parse_query(""), Pairs());
}

}  // namespace
}  // namespace tidegate::http
