#include "router/admit.h"

#include <gtest/gtest.h>

#include "os/sha256.h"

namespace tidegate::router {
namespace {

table::Service keyed() {
  return {.workspace = "default",
          .name = "s",
          .key_sha256 = {os::sha256("primary"), os::sha256("secondary")},
          .versions = {}};
}

Stage<Principal> admit_with(const table::Service& service, std::string_view authorization) {
  http::RequestHead head;
  if (!authorization.empty()) head.headers.push_back({"authorization", authorization});
  return admit(service, head);
}

TEST(Admit, NothingButTheWholeKeyIsAKey) {
  for (std::string_view value :
       {"", "Bearer", "Bearer ", "Bearer   ", "Bearerprimary", "Basic primary", "primary",
        "Bearer primar", "Bearer primaryy", "Bearer Primary", "Bearer primary ,",
        "Bearer primary secondary"}) {
    Stage<Principal> who = admit_with(keyed(), value);
    ASSERT_FALSE(who.has_value()) << value;
    EXPECT_EQ(who.error().status, 401);
  }
}

TEST(Admit, AServiceWithoutKeysLetsNobodyIn) {
  table::Service service = keyed();
  service.key_sha256.clear();
  EXPECT_FALSE(admit_with(service, "Bearer primary").has_value());
}

TEST(Admit, EitherKeyAndAnyCaseOfTheSchemeWill) {
  for (std::string_view value :
       {"Bearer primary", "bearer primary", "BEARER   secondary", "Bearer secondary"}) {
    EXPECT_EQ(admit_with(keyed(), value), Principal::key_holder) << value;
  }
}

TEST(Admit, WithoutAuthAnybodyMayAskWhateverTheySend) {
  table::Service service = keyed();
  service.auth_enabled = false;
  EXPECT_EQ(admit_with(service, ""), Principal::anybody);
  EXPECT_EQ(admit_with(service, "Bearer wrong"), Principal::anybody);
}

}  // namespace
}  // namespace tidegate::router
