#include "kube/status.h"

#include "unit/kube/api_server.h"

namespace tidegate::kube {
namespace {

TEST(Status, EachRefusalHasItsCode) {
  for (auto [status, code] :
       {std::pair{400, Code::invalid}, std::pair{401, Code::unauthenticated},
        std::pair{403, Code::forbidden}, std::pair{404, Code::not_found},
        std::pair{409, Code::conflict}, std::pair{410, Code::conflict},
        std::pair{415, Code::invalid}, std::pair{422, Code::invalid},
        std::pair{429, Code::unavailable}, std::pair{500, Code::unavailable},
        std::pair{503, Code::unavailable}, std::pair{504, Code::unavailable}}) {
    EXPECT_EQ(code_of(status), code) << status;
  }
}

TEST(Status, TheServersSentenceIsTheMessage) {
  EXPECT_EQ(error_of(403, status_object(403, "pods is forbidden"), "GET x").message,
            "pods is forbidden");
  EXPECT_EQ(error_of(401, status_object(401, "Unauthorized"), "GET x").message,
            "GET x: Unauthorized");
}

TEST(Status, WithoutASentenceTheCallIsNamed) {
  EXPECT_EQ(error_of(502, "", "GET x").message, "GET x was answered with status 502");
  EXPECT_EQ(error_of(502, "<html>" + std::string(1000, 'x'), "GET x").message,
            "GET x was answered with status 502: <html>" + std::string(194, 'x'));
  EXPECT_EQ(error_of(404, "{\"kind\":\"Page\"}", "GET x").message,
            "GET x was answered with status 404: {\"kind\":\"Page\"}");
}

}  // namespace
}  // namespace tidegate::kube
