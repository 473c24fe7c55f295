#include "domain/names.h"

#include <gtest/gtest.h>

#include "domain/model.h"
#include "domain/operation.h"
#include "domain/service.h"
#include "unit/domain/complaint_text.h"

namespace tidegate::domain {
namespace {

TEST(Names, ServiceNames) {
  for (const char* good : {"abc", "my-service", "a23", "abcdefghijklmnopqrstuvwxyzabcdef"}) {
    EXPECT_TRUE(is_service_name(good)) << good;
  }
  for (const char* bad : {"", "ab", "Abc", "1abc", "-abc", "abc-", "a_b", "a.b", "abc\n",
                          "abcdefghijklmnopqrstuvwxyzabcdefg"}) {
    EXPECT_FALSE(is_service_name(bad)) << bad;
  }
}

TEST(Names, ModelNames) {
  for (const char* good : {"m", "My-Model_1.0", "0"}) EXPECT_TRUE(is_model_name(good)) << good;
  for (const char* bad : {"", "-m", ".m", "_m", "a/b", "a:b", "a b"})
    EXPECT_FALSE(is_model_name(bad)) << bad;
  EXPECT_TRUE(is_model_name(std::string(255, 'a')));
  EXPECT_FALSE(is_model_name(std::string(256, 'a')));
}

TEST(Names, ComputeNames) {
  for (const char* good : {"myaks", "AKS-1", "abcdefghijklmnopqrstuvwx"})
    EXPECT_TRUE(is_compute_name(good)) << good;
  for (const char* bad : {"ab", "1abc", "abc-", "a_bc", "local", "amlcompute", "containerinstance",
                          "abcdefghijklmnopqrstuvwxy"}) {
    EXPECT_FALSE(is_compute_name(bad)) << bad;
  }
}

TEST(Names, AWrongNameIsShownWithTheRule) {
  Complaints complaints;
  check_service_name("My_Service", complaints);
  check_model_name("a/b", complaints);
  check_compute_name("local", complaints);
  check_compute_name("x", complaints);
  EXPECT_EQ(
      text_of(complaints),
      "name: \"My_Service\" is no service name: 3 to 32 lower-case letters, digits and '-', a "
      "letter first and no '-' at the end\n"
      "name: \"a/b\" is no model name: 1 to 255 letters, digits, '-', '.' and '_', a letter or "
      "digit first\n"
      "name: \"local\" is reserved; choose another name\n"
      "name: \"x\" is no compute target name: 3 to 24 letters, digits and '-', a letter first and "
      "no '-' at the end\n");
}

TEST(Names, AVeryLongNameIsCutInTheComplaint) {
  Complaints complaints;
  check_service_name(std::string(1000, 'a'), complaints);
  EXPECT_LT(text_of(complaints).size(), 300U);
  EXPECT_NE(text_of(complaints).find("(1000 characters)"), std::string::npos);
}

TEST(ModelRef, IsNameAndVersion) {
  auto model = parse_model_ref("my.model:12");
  ASSERT_TRUE(model.has_value());
  EXPECT_EQ(*model, (ModelRef{.name = "my.model", .version = 12}));
}

TEST(ModelRef, SaysWhatWouldBeRight) {
  EXPECT_EQ(parse_model_ref("mymodel").error().message,
            "\"mymodel\" names no version: write name:version, for example mymodel:1");
  for (const char* bad : {"m:", "m:0", "m:-1", "m:x", "m:1x", ":1", "a/b:1", "m:99999999999"}) {
    EXPECT_EQ(
        parse_model_ref(bad).error().message,
        std::string("\"") + bad + "\" is no model: write name:version with a version of 1 or more");
  }
}

TEST(States, HaveThePlatformsNames) {
  EXPECT_EQ(state_name(ServiceState::unschedulable), "Unschedulable");
  EXPECT_EQ(state_name(OperationState::timed_out), "TimedOut");
  EXPECT_FALSE(is_final(OperationState::running));
  EXPECT_TRUE(is_final(OperationState::cancelled));
}

}  // namespace
}  // namespace tidegate::domain
