#include "domain/operation.h"

#include <string_view>

namespace tidegate::domain {

std::string_view state_name(OperationState state) {
  switch (state) {
    case OperationState::not_started:
      return "NotStarted";
    case OperationState::running:
      return "Running";
    case OperationState::succeeded:
      return "Succeeded";
    case OperationState::failed:
      return "Failed";
    case OperationState::cancelled:
      return "Cancelled";
    case OperationState::timed_out:
      return "TimedOut";
  }
  return "Failed";
}

}  // namespace tidegate::domain
