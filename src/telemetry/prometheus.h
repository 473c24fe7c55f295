#pragma once

#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "telemetry/histogram.h"

namespace tidegate::telemetry {

using Labels = std::vector<std::pair<std::string_view, std::string_view>>;

inline constexpr std::string_view kPrometheusType = "text/plain; version=0.0.4; charset=utf-8";

// Writes the Prometheus text format. All samples of a family follow its head.
class PrometheusText {
 public:
  void family(std::string_view name, std::string_view type, std::string_view help);
  void sample(std::string_view name, const Labels& labels, std::uint64_t value);
  // name_bucket..., name_sum, name_count.
  void histogram(std::string_view name, const Labels& labels, const Histogram& values);

  std::string take() { return std::move(text_); }

 private:
  void open(std::string_view name, std::string_view suffix, const Labels& labels,
            std::string_view le);

  std::string text_;
};

}  // namespace tidegate::telemetry
