#include "store/services.h"

#include "store/operations.h"
#include "store/replicas.h"
#include "store_fixture.h"

namespace tidegate::store {
namespace {

using ServicesTest = StoreTest;

TEST_F(ServicesTest, ANameIsTakenOncePerWorkspace) {
  put_service("s", spec("one"));
  StoredService twin;
  twin.service.id = "other";
  twin.service.spec = spec("one");
  EXPECT_EQ(add_service(db(), twin).error().code, Code::conflict);
  EXPECT_EQ(list_services(db())->size(), 1u);
}

TEST_F(ServicesTest, UpdatingWhatIsGoneIsNotFound) {
  StoredService gone;
  gone.service.id = "gone";
  EXPECT_EQ(update_service(db(), gone).error().code, Code::not_found);
  EXPECT_EQ(update_version(db(), {.id = "gone"}).error().code, Code::not_found);
  EXPECT_EQ(update_replica(db(), {.id = "gone"}).error().code, Code::not_found);
}

TEST_F(ServicesTest, AServiceComesBackAsItWasStored) {
  StoredService stored;
  domain::Service& service = stored.service;
  service.id = "s";
  service.spec = spec("one");
  service.spec.tags = {{"a", "b"}};
  service.spec.settings.num_replicas = 3;
  service.spec.settings.resources.cpu_limit = 1.5;
  service.keys = {Secret("first"), Secret("second")};
  service.generation = 4;
  stored.last_generation = 6;
  ASSERT_TRUE(add_service(db(), stored).has_value());
  service.state = domain::ServiceState::unhealthy;
  service.error = "{\"code\":\"x\"}";
  service.updated = clock_.wall();
  stored.deleting = true;
  ASSERT_TRUE(update_service(db(), stored).has_value());
  reopen();
  auto found = find_service(db(), "default", "one");
  ASSERT_TRUE(found.has_value() && found->has_value());
  const StoredService& back = **found;
  EXPECT_EQ(back.service.id, "s");
  EXPECT_EQ(back.service.spec.tags, service.spec.tags);
  EXPECT_EQ(back.service.spec.settings.num_replicas, 3);
  EXPECT_EQ(back.service.spec.settings.resources.cpu_limit, 1.5);
  EXPECT_EQ(back.service.keys.primary.reveal(), "first");
  EXPECT_EQ(back.service.state, domain::ServiceState::unhealthy);
  EXPECT_EQ(back.service.error, service.error);
  EXPECT_EQ(back.service.generation, 4);
  EXPECT_EQ(back.last_generation, 6);
  EXPECT_EQ(back.service.updated, clock_.wall());
  EXPECT_TRUE(back.deleting);
  EXPECT_TRUE(find_service_by_id(db(), "s")->has_value());
  EXPECT_FALSE(find_service(db(), "default", "two")->has_value());
}

TEST_F(ServicesTest, AVersionOfAModelThatIsNotThereIsRefusedWhole) {
  put_service("s", spec("one"));
  domain::ServiceSpec with_model = spec("one");
  with_model.workload.models = {{"nothing", 1}};
  EXPECT_EQ(add_version(db(), {.id = "s.1", .service_id = "s", .spec = with_model}).error().code,
            Code::conflict);
  EXPECT_TRUE(list_versions(db())->empty());
}

TEST_F(ServicesTest, AVersionComesBackAsItWasStored) {
  put_service("s", spec("one"));
  Version version{.id = "s.2",
                  .service_id = "s",
                  .generation = 2,
                  .spec = spec("one"),
                  .strict = true,
                  .ignore_docker_steps = true,
                  .created = clock_.wall()};
  ASSERT_TRUE(add_version(db(), version).has_value());
  version.phase = VersionPhase::draining;
  version.step = VersionStep::replicas;
  version.environment_hash = "abc";
  version.interpreter = "/bin/python";
  version.found_in = "built";
  version.image = "registry/azureml/azureml_abc@sha256:1";
  ASSERT_TRUE(update_version(db(), version).has_value());
  auto found = find_version(db(), "s.2");
  ASSERT_TRUE(found.has_value() && found->has_value());
  EXPECT_EQ((*found)->phase, VersionPhase::draining);
  EXPECT_EQ((*found)->step, VersionStep::replicas);
  EXPECT_EQ((*found)->interpreter, "/bin/python");
  EXPECT_EQ((*found)->image, "registry/azureml/azureml_abc@sha256:1");
  EXPECT_TRUE((*found)->strict);
  EXPECT_TRUE((*found)->ignore_docker_steps);
  EXPECT_EQ(list_versions_of(db(), "s")->size(), 1u);
  EXPECT_TRUE(list_versions_of(db(), "t")->empty());
}

TEST_F(ServicesTest, AServiceWithVersionsCannotGo) {
  put_service("s", spec("one"));
  ASSERT_TRUE(add_version(db(), {.id = "s.1", .service_id = "s", .spec = spec("one")}).has_value());
  EXPECT_EQ(remove_service(db(), "s").error().code, Code::conflict);
  ASSERT_TRUE(remove_version(db(), "s.1").has_value());
  EXPECT_TRUE(remove_service(db(), "s").has_value());
}

TEST_F(ServicesTest, ReplicasGoWithTheirVersion) {
  put_service("s", spec("one"));
  ASSERT_TRUE(add_version(db(), {.id = "s.1", .service_id = "s", .spec = spec("one")}).has_value());
  EXPECT_EQ(add_replica(db(), {.id = "r", .version_id = "none"}).error().code, Code::conflict);
  ASSERT_TRUE(add_replica(db(), {.id = "r", .version_id = "s.1"}).has_value());
  ASSERT_TRUE(
      update_replica(db(), {.id = "r", .version_id = "s.1", .retiring = true, .was_ready = true})
          .has_value());
  auto replicas = list_replicas(db());
  ASSERT_EQ(replicas->size(), 1u);
  EXPECT_TRUE(replicas->front().retiring);
  EXPECT_TRUE(replicas->front().was_ready);
  ASSERT_TRUE(remove_version(db(), "s.1").has_value());
  EXPECT_TRUE(list_replicas(db())->empty());
}

TEST_F(ServicesTest, OperationsAreKeptUntilTheyAreOld) {
  StoredOperation stored;
  stored.operation.id = "op";
  stored.operation.kind = "CreateService";
  stored.operation.workspace = "default";
  stored.operation.service_name = "one";
  stored.operation.created = clock_.wall();
  stored.warnings = {"careful"};
  ASSERT_TRUE(add_operation(db(), stored).has_value());
  EXPECT_EQ(list_running_operations(db())->size(), 1u);
  stored.operation.state = domain::OperationState::failed;
  stored.operation.error = "{}";
  stored.operation.ended = clock_.wall();
  ASSERT_TRUE(update_operation(db(), stored).has_value());
  EXPECT_TRUE(list_running_operations(db())->empty());
  auto newest = find_newest_operation(db(), "default", "one", "CreateService");
  ASSERT_TRUE(newest.has_value() && newest->has_value());
  EXPECT_EQ((*newest)->operation.state, domain::OperationState::failed);
  EXPECT_EQ((*newest)->warnings, stored.warnings);
  EXPECT_TRUE(remove_old_operations(db(), clock_.wall())->empty());
  EXPECT_EQ(remove_old_operations(db(), clock_.wall() + std::chrono::seconds(1))->size(), 1u);
  EXPECT_FALSE(find_operation(db(), "op")->has_value());
}

}  // namespace
}  // namespace tidegate::store
