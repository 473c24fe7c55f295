#include "telemetry/prometheus.h"

#include <iterator>

#include <fmt/format.h>

namespace tidegate::telemetry {
namespace {

void append_escaped(std::string& out, std::string_view value) {
  for (char c : value) {
    if (c == '\n') {
      out.append("\\n");
      continue;
    }
    if (c == '"' || c == '\\') out.push_back('\\');
    out.push_back(c);
  }
}

void append_label(std::string& out, std::string_view name, std::string_view value) {
  out.append(name).append("=\"");
  append_escaped(out, value);
  out.append("\",");
}

}  // namespace

void PrometheusText::family(std::string_view name, std::string_view type, std::string_view help) {
  fmt::format_to(std::back_inserter(text_), "# HELP {} {}\n# TYPE {} {}\n", name, help, name, type);
}

void PrometheusText::open(std::string_view name, std::string_view suffix, const Labels& labels,
                          std::string_view le) {
  text_.append(name).append(suffix);
  if (labels.empty() && le.empty()) return;
  text_.push_back('{');
  for (const auto& [label, value] : labels) append_label(text_, label, value);
  if (!le.empty()) append_label(text_, "le", le);
  text_.back() = '}';
}

void PrometheusText::sample(std::string_view name, const Labels& labels, std::uint64_t value) {
  open(name, "", labels, "");
  fmt::format_to(std::back_inserter(text_), " {}\n", value);
}

void PrometheusText::histogram(std::string_view name, const Labels& labels,
                               const Histogram& values) {
  for (std::size_t i = 0; i <= Histogram::kBoundsSeconds.size(); ++i) {
    const bool last = i == Histogram::kBoundsSeconds.size();
    const std::string le = last ? "+Inf" : fmt::format("{}", Histogram::kBoundsSeconds[i]);
    open(name, "_bucket", labels, le);
    fmt::format_to(std::back_inserter(text_), " {}\n", values.up_to(i));
  }
  open(name, "_sum", labels, "");
  fmt::format_to(std::back_inserter(text_), " {}\n", values.sum_seconds());
  open(name, "_count", labels, "");
  fmt::format_to(std::back_inserter(text_), " {}\n", values.count());
}

}  // namespace tidegate::telemetry
