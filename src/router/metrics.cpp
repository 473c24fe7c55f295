#include "router/metrics.h"

#include <fmt/format.h>

#include "telemetry/prometheus.h"

namespace tidegate::router {
namespace {

using telemetry::Labels;
using telemetry::PrometheusText;

void requests_family(PrometheusText& text, const Counters& all) {
  text.family("tidegate_router_requests_total", "counter", "Requests by how they ended.");
  for (const auto& [name, counters] : all.services()) {
    for (const auto& [outcome, count] : counters.requests) {
      const std::string status = fmt::format("{}", outcome.status);
      text.sample("tidegate_router_requests_total",
                  {{"workspace", name.workspace},
                   {"service", name.service},
                   {"version", outcome.version},
                   {"status", status},
                   {"reason", outcome.reason}},
                  count);
    }
  }
}

void retries_family(PrometheusText& text, const Counters& all) {
  text.family("tidegate_router_retries_total", "counter",
              "Requests given to a replica again because they had not been started.");
  for (const auto& [name, counters] : all.services()) {
    const Labels labels{{"workspace", name.workspace}, {"service", name.service}};
    auto sample = [&text, &labels](std::string_view reason, std::uint64_t count) {
      Labels with_reason = labels;
      with_reason.emplace_back("reason", reason);
      text.sample("tidegate_router_retries_total", with_reason, count);
    };
    sample("not_started", counters.not_started_retries);
    sample("not_sent", counters.not_sent_retries);
    sample("refused", counters.refused_retries);
  }
}

void histogram_family(PrometheusText& text, const Counters& all, std::string_view name,
                      std::string_view help, telemetry::Histogram ServiceCounters::* member) {
  text.family(name, "histogram", help);
  for (const auto& [service, counters] : all.services()) {
    if (service.service.empty()) continue;
    text.histogram(name, {{"workspace", service.workspace}, {"service", service.service}},
                   counters.*member);
  }
}

template <class Value>
void version_family(PrometheusText& text, const Routes& routes, std::string_view name,
                    std::string_view help, Value value) {
  text.family(name, "gauge", help);
  for (const LiveService& service : routes.services()) {
    for (const LiveVersion& version : service.versions) {
      text.sample(name,
                  {{"workspace", service.config->workspace},
                   {"service", service.config->name},
                   {"version", version.config->name}},
                  value(version));
    }
  }
}

std::uint64_t in_flight_of(const LiveVersion& version) {
  std::uint64_t sum = 0;
  for (const auto& replica : version.replicas) sum += replica->in_flight.load();
  return sum;
}

}  // namespace

void Counters::count(const telemetry::AccessRecord& record) {
  ServiceCounters& counters = services_[ServiceName{record.workspace, record.service}];
  ++counters.requests[RequestOutcome{record.version, record.status, record.reason}];
  counters.total.add(record.total);
  counters.queue.add(record.queue);
  if (!record.replica.empty()) counters.upstream.add(record.upstream);
}

void Counters::count_retry(const ServiceName& service, policy::Outcome why) {
  ServiceCounters& counters = services_[service];
  if (why == policy::Outcome::not_started) ++counters.not_started_retries;
  if (why == policy::Outcome::not_sent) ++counters.not_sent_retries;
  if (why == policy::Outcome::refused) ++counters.refused_retries;
}

void Counters::merge(const Counters& other) {
  for (const auto& [name, theirs] : other.services_) {
    ServiceCounters& ours = services_[name];
    for (const auto& [outcome, count] : theirs.requests) ours.requests[outcome] += count;
    ours.total.merge(theirs.total);
    ours.queue.merge(theirs.queue);
    ours.upstream.merge(theirs.upstream);
    ours.not_started_retries += theirs.not_started_retries;
    ours.not_sent_retries += theirs.not_sent_retries;
    ours.refused_retries += theirs.refused_retries;
  }
}

void Counters::keep_only(const Routes& routes) {
  std::erase_if(services_, [&routes](const auto& entry) {
    const ServiceName& name = entry.first;
    return !name.service.empty() && routes.find_service(name.workspace, name.service) == nullptr;
  });
}

std::string metrics_page(const std::vector<CoreSnapshot>& cores, const Routes& routes) {
  Counters all;
  std::uint64_t connections = 0;
  for (const CoreSnapshot& core : cores) {
    all.merge(core.counters);
    connections += core.connections;
  }
  PrometheusText text;
  requests_family(text, all);
  retries_family(text, all);
  histogram_family(text, all, "tidegate_router_request_seconds",
                   "From the head of a request to the end of its reply.", &ServiceCounters::total);
  histogram_family(text, all, "tidegate_router_queue_seconds", "Waiting for a replica.",
                   &ServiceCounters::queue);
  histogram_family(text, all, "tidegate_router_upstream_seconds",
                   "From the last dispatch to the end of the replica's answer.",
                   &ServiceCounters::upstream);
  version_family(text, routes, "tidegate_router_queue_length", "Requests that wait for a replica.",
                 [](const LiveVersion& version) { return version.state->waiting.load(); });
  version_family(text, routes, "tidegate_router_in_flight",
                 "Slots that are taken, also by calls whose client has left.", in_flight_of);
  version_family(text, routes, "tidegate_router_replicas", "Replicas that may get requests.",
                 [](const LiveVersion& version) { return version.replicas.size(); });
  text.family("tidegate_router_connections", "gauge", "Open connections of clients.");
  text.sample("tidegate_router_connections", {}, connections);
  text.family("tidegate_router_table_version", "gauge", "Version of the routing table in use.");
  text.sample("tidegate_router_table_version", {}, routes.table_version());
  return text.take();
}

}  // namespace tidegate::router
