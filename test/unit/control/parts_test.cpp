// Small pieces without a control around them.
#include <gtest/gtest.h>

#include "control/deploy/entry_script.h"
#include "control/deploy/service_request.h"
#include "control/failure.h"
#include "control/rest/filters.h"
#include "control/rest/route.h"
#include "control/rest/signature.h"
#include "os/process.h"
#include "support/temp_dir.h"

namespace tidegate::control {
namespace {

TEST(RouteTableTest, TheMoreLiteralRouteWins) {
  RouteTable routes;
  const std::string m =
      "/modelmanagement/v1.0/subscriptions/s/resourceGroups/g/providers/"
      "Microsoft.MachineLearningServices/workspaces/w";
  auto validate = routes.find("POST", m + "/services/validate");
  ASSERT_TRUE(validate && validate->route);
  EXPECT_TRUE(validate->route->pattern.ends_with("/services/validate"));
  auto one = routes.find("GET", m + "/services/my%2Dservice");
  ASSERT_TRUE(one && one->route);
  EXPECT_EQ(one->params["name"], "my-service");
  EXPECT_EQ(one->params["workspace"], "w");
  EXPECT_EQ(one->params["resourceGroup"], "g");
}

TEST(RouteTableTest, AKnownPathWithAnotherMethodIsToldApartFromAnUnknownOne) {
  RouteTable routes;
  auto known = routes.find("DELETE", "/tidegate/v1/health");
  ASSERT_TRUE(known.has_value());
  EXPECT_EQ(known->route, nullptr);
  EXPECT_EQ(routes.allowed("/tidegate/v1/health"), "GET");
  EXPECT_FALSE(routes.find("GET", "/tidegate/v1/health/x").has_value());
  EXPECT_FALSE(routes.find("GET", "/").has_value());
  EXPECT_FALSE(routes.find("GET", "").has_value());
}

TEST(RouteTableTest, ATailTakesTheRestOfThePath) {
  RouteTable routes;
  auto content = routes.find("GET", "/content/LocalUpload/c/a/b%20c.bin");
  ASSERT_TRUE(content && content->route);
  EXPECT_EQ(content->params["path"], "a/b c.bin");
  EXPECT_FALSE(routes.find("GET", "/content/LocalUpload/c").has_value());
}

TEST(SignatureTest, IsHmacSha256) {  // RFC 4231, test case 2
  EXPECT_EQ(signature_of(Secret("Jefe"), "what do ya want for nothing?"),
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
  EXPECT_TRUE(is_signed(Secret("k"), "/a", signature_of(Secret("k"), "/a")));
  EXPECT_FALSE(is_signed(Secret("k"), "/b", signature_of(Secret("k"), "/a")));
  EXPECT_FALSE(is_signed(Secret("k"), "/a", ""));
}

TEST(FiltersTest, AskForKeysAndForValues) {
  std::map<std::string, std::string> tags{{"a", "1"}, {"b", ""}};
  EXPECT_TRUE(matches_map_filter("", tags));
  EXPECT_TRUE(matches_map_filter("a", tags));
  EXPECT_TRUE(matches_map_filter("a=1,b", tags));
  EXPECT_TRUE(matches_map_filter("b=", tags));
  EXPECT_FALSE(matches_map_filter("a=2", tags));
  EXPECT_FALSE(matches_map_filter("a=1,c", tags));
}

TEST(ServiceRequestTest, AssetsGetTheirRealIds) {
  Json image = *parse_json(R"({"driverProgram": "driver", "assets": [
      {"id": "driver", "url": "aml://asset/111"}, {"id": "x.tar.gz", "url": "aml://asset/222"},
      {"id": "333"}]})",
                           "test");
  use_real_asset_ids(image);
  EXPECT_EQ(image["driverProgram"], "111");
  EXPECT_EQ(image["assets"][0]["id"], "111");
  EXPECT_EQ(image["assets"][1]["id"], "222");
  EXPECT_EQ(image["assets"][2]["id"], "333");
}

TEST(ServiceRequestTest, KeysAreInNoRecord) {
  domain::Complaints complaints;
  auto request = read_service_request(
      {{"name", "svc"}, {"keys", {{"primaryKey", "secret"}}}, {"overwrite", true}}, "default", {},
      complaints);
  EXPECT_EQ(request.keys.primary.reveal(), "secret");
  EXPECT_TRUE(request.overwrite);
  EXPECT_EQ(to_text(request.record).find("secret"), std::string::npos);
}

TEST(FailureTest, ShowsTheLastLinesOnly) {
  std::string log;
  for (int i = 0; i < 100; ++i) log += "line " + std::to_string(i) + "\n";
  std::string shown = last_lines(log);
  EXPECT_TRUE(shown.starts_with("line 80\n")) << shown;
  EXPECT_TRUE(shown.ends_with("line 99\n"));
  EXPECT_EQ(last_lines("a\nb"), "a\nb");
  EXPECT_EQ(last_lines(""), "");
}

constexpr const char* kTraceback =
    "Traceback (most recent call last):\n  File \"score.py\", line 2, in init\nValueError: no such "
    "column\n";

std::size_t count_of(const std::string& text, std::string_view word) {
  std::size_t count = 0;
  for (auto at = text.find(word); at != std::string::npos; at = text.find(word, at + 1)) ++count;
  return count;
}

TEST(FailureTest, ATracebackIsToldOnce) {
  std::string log = std::string("loading the model\n") + kTraceback + "tidegate: init() failed\n";
  backend::Trouble trouble{
      .code = "CrashLoopBackOff",
      .message = std::string("init() failed: ValueError: no such column\n") + kTraceback,
      .next_step = "Correct the cause and deploy again.",
      .replica_id = "pod-x",
      .is_final = true};
  Evidence evidence{"init", "ValueError: no such column", kTraceback, log};
  for (const ErrorBody& body :
       {trouble_error("svc", trouble, log), crash_error({"svc", "r", "exited", evidence})}) {
    std::string all = body.message + body.details[0].message;
    EXPECT_EQ(count_of(all, "Traceback"), 1u) << all;
    EXPECT_EQ(count_of(all, "loading the model"), 1u) << all;
    EXPECT_EQ(body.message.find('\n'), std::string::npos) << body.message;
  }
}

TEST(FailureTest, ALogWithoutTheTracebackIsShownAsItIs) {
  EXPECT_EQ(before_traceback("one\ntwo\n", kTraceback), "one\ntwo\n");
  EXPECT_EQ(before_traceback(kTraceback, "killed for memory"), kTraceback);
  EXPECT_EQ(before_traceback(kTraceback, kTraceback), "");
}

TEST(FailureTest, SaysWhatTheScoringServerSaid) {
  FailedReplica failed{"svc",
                       "r1",
                       "exited with code 3",
                       {.stage = "import", .message = "ModuleNotFoundError: no module named x"}};
  EXPECT_EQ(cause_of(failed),
            "the entry script could not be imported: ModuleNotFoundError: no module named x "
            "(replica r1 exited with code 3)");
  failed.evidence = {};
  EXPECT_EQ(cause_of(failed), "replica r1 exited with code 3");
}

class EntryScriptTest : public ::testing::Test {
 protected:
  std::string said_of(std::string_view text) {
    domain::Complaints complaints;
    check_entry_script_text(runner_, find_interpreter({}), folder_ / "staging", "score.py", text,
                            complaints);
    EXPECT_FALSE(std::filesystem::exists(folder_ / "staging"));
    std::string all;
    for (const auto& problem : complaints.problems()) all += problem.what + "; ";
    return all;
  }
  test::TempDir folder_;
  os::RealCommandRunner runner_;
};

TEST_F(EntryScriptTest, NamesCountHoweverTheyAreBound) {
  EXPECT_EQ(said_of("def init(): pass\nasync def run(x): pass"), "");
  EXPECT_EQ(said_of("from a import init, work as run"), "");
  EXPECT_EQ(said_of("init = run = print"), "");
  EXPECT_EQ(said_of("try:\n  from a import init\nexcept ImportError:\n  def init(): pass\n"
                    "if True:\n  def run(x): pass"),
            "");
  EXPECT_EQ(said_of("from a import *"), "");
}

TEST_F(EntryScriptTest, NamesInsideOfFunctionsDoNot) {
  EXPECT_EQ(said_of("def outer():\n  def init(): pass\n  def run(x): pass"),
            "does not define init(); does not define run(); ");
}

TEST_F(EntryScriptTest, WhatIsNoTextIsAComplaintToo) {
  EXPECT_NE(said_of(std::string_view("a\0b", 3)), "");
  EXPECT_NE(said_of("\xff\xfe"), "");
}

TEST_F(EntryScriptTest, WithoutAPythonNothingIsSaid) {
  domain::Complaints complaints;
  check_entry_script_text(runner_, "", folder_ / "staging", "score.py", "(", complaints);
  check_entry_script_text(runner_, "/no/python", folder_ / "staging", "score.py", "(", complaints);
  EXPECT_TRUE(complaints.empty());
}

}  // namespace
}  // namespace tidegate::control
