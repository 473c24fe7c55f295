#include "control_fixture.h"

namespace tidegate::control {
namespace {

class HangTest : public ControlTest {
 protected:
  HangTest() { start_limit_ = Milliseconds(100); }
};

TEST_F(HangTest, AnInitThatDoesNotReturnFailsTheDeploymentAndSaysSo) {
  backend_.fate = [](const std::string&, int) { return FakeBackend::Fate::hangs; };
  auto rows = row_counts();
  Json request = good_request("slow");
  request["livenessProbeRequirements"] = {{"initialDelaySeconds", 1},
                                          {"periodSeconds", 1},
                                          {"timeoutSeconds", 1},
                                          {"successThreshold", 1},
                                          {"failureThreshold", 1}};
  Json operation = deploy(request);
  EXPECT_EQ(operation["state"], "Failed");
  std::string error = to_text(operation["error"]);
  EXPECT_NE(error.find("init() has not returned after 2 s"), std::string::npos) << error;
  rows["operations"] += 1;
  EXPECT_EQ(row_counts(), rows);
  EXPECT_TRUE(backend_.alive().empty());
}

}  // namespace
}  // namespace tidegate::control
