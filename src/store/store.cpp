#include "store/store.h"

#include "base/ids.h"
#include "domain/names.h"
#include "store/computes.h"
#include "store/workspaces.h"

namespace tidegate::store {
namespace {

constexpr const char* kSubscription = "00000000-0000-0000-0000-000000000000";
constexpr const char* kResourceGroup = "tidegate";

Result<> seed(Database& db, const Clock& clock, Random& random) {
  return db.transact([&]() -> Result<> {
    TIDEGATE_TRY(auto workspace, find_workspace(db, domain::kDefaultWorkspace));
    if (workspace) return {};
    std::string name(domain::kDefaultWorkspace);
    TIDEGATE_TRY_VOID(add_workspace(
        db, {name, random_uuid4(random), kSubscription, kResourceGroup, clock.wall()}));
    return add_compute(db, {.name = std::string(domain::kMachineCompute),
                            .workspace = name,
                            .kind = domain::ComputeKind::process,
                            .description = "Processes on this machine",
                            .created = clock.wall()});
  });
}

}  // namespace

Result<Store> Store::open(const os::Path& data_dir, const Clock& clock, Random& random) {
  TIDEGATE_TRY_VOID(os::make_directories(data_dir, 0700));
  TIDEGATE_TRY_VOID(os::make_directories(data_dir / "operations", 0700));
  TIDEGATE_TRY(auto db, Database::open(data_dir / "tidegate.db"));
  TIDEGATE_TRY_VOID(seed(*db, clock, random));
  TIDEGATE_TRY(auto blobs, BlobFolder::open(data_dir / "blobs"));
  return Store{std::move(db), std::move(blobs), OperationLogs(data_dir / "operations")};
}

}  // namespace tidegate::store
