#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "policy/retry.h"
#include "router/local_reply.h"
#include "router/routes.h"
#include "telemetry/access_record.h"
#include "telemetry/histogram.h"

namespace tidegate::router {

struct ServiceName {
  std::string workspace;
  std::string service;  // empty: requests that never found one
  auto operator<=>(const ServiceName&) const = default;
};

struct RequestOutcome {
  std::string version;
  int status = 0;
  std::string_view reason;
  auto operator<=>(const RequestOutcome&) const = default;
};

struct ServiceCounters {
  std::map<RequestOutcome, std::uint64_t> requests;
  telemetry::Histogram total;
  telemetry::Histogram queue;
  telemetry::Histogram upstream;
  std::uint64_t not_started_retries = 0;
  std::uint64_t not_sent_retries = 0;
  std::uint64_t refused_retries = 0;
};

// What one core has counted. A value: a copy is a snapshot. Each core owns its own; whoever renders
// the page gets copies of all and adds them up.
class Counters {
 public:
  void count(const telemetry::AccessRecord& record);
  void count_retry(const ServiceName& service, policy::Outcome why);
  void merge(const Counters& other);
  // Forgets services that the table does not have.
  void keep_only(const Routes& routes);

  const std::map<ServiceName, ServiceCounters>& services() const { return services_; }

 private:
  std::map<ServiceName, ServiceCounters> services_;
};

struct CoreSnapshot {
  Counters counters;
  std::uint64_t connections = 0;
};

// The text of GET /metrics.
std::string metrics_page(const std::vector<CoreSnapshot>& cores, const Routes& routes);

}  // namespace tidegate::router
