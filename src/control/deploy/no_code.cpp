#include "control/deploy/no_code.h"

#include "domain/no_code.h"
#include "store/models.h"

namespace tidegate::control {

void fill_in_no_code(Context& context, domain::ServiceSpec& spec, domain::Complaints& complaints) {
  constexpr std::string_view kWhere = "environmentImageRequest.modelIds";
  domain::Workload& workload = spec.workload;
  bool is_filled_in = !workload.framework.empty();
  if (workload.has_code() || is_filled_in || workload.models.size() != 1) return;
  auto model = store::find_model(*context.store.db, spec.workspace, workload.models.front());
  if (!model) return complaints.add(std::string(kWhere), model.error().message);
  if (!*model) return;
  auto environment = domain::no_code_environment(**model, kWhere, complaints);
  if (!environment) return;
  workload.framework = (*model)->framework;
  workload.environment = std::move(*environment);
}

}  // namespace tidegate::control
