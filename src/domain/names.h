// Names and limits of the platform (spec deploy.md 5), in one place.
#pragma once

#include <string>
#include <string_view>

#include "domain/complaints.h"

namespace tidegate::domain {

inline constexpr std::string_view kDefaultWorkspace = "default";
inline constexpr std::string_view kMachineCompute = "machine";  // there from the start
inline constexpr int kModelsPerServiceMax = 1000;
inline constexpr int kScoringTimeoutMaxMs = 300'000;

bool is_service_name(std::string_view name);  // ^[a-z]([-a-z0-9]*[a-z0-9])?$, 3..32
bool is_model_name(std::string_view name);    // ^[a-zA-Z0-9][a-zA-Z0-9\-\._]{0,254}$
bool is_compute_name(std::string_view name);  // letter first, letters digits -, 3..24; reserved:
                                              // local amlcompute containerinstance

void check_service_name(std::string_view name, Complaints& complaints);
void check_model_name(std::string_view name, Complaints& complaints);
void check_compute_name(std::string_view name, Complaints& complaints);

}  // namespace tidegate::domain
