#include "domain/complaints.h"

#include <algorithm>
#include <cctype>
#include <numeric>
#include <utility>

namespace tidegate::domain {
namespace {

char lower(char c) {
  return static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
}

// Edits are one letter more, less or other, and two neighbours swapped. Case does not count:
// "authenabled" is authEnabled mistyped.
std::size_t edits_between(std::string_view a, std::string_view b) {
  std::vector<std::size_t> before;  // the row before the last
  std::vector<std::size_t> last(b.size() + 1);
  std::iota(last.begin(), last.end(), std::size_t{0});
  for (std::size_t i = 1; i <= a.size(); ++i) {
    std::vector<std::size_t> row(b.size() + 1, i);
    for (std::size_t j = 1; j <= b.size(); ++j) {
      std::size_t other = lower(a[i - 1]) == lower(b[j - 1]) ? 0 : 1;
      row[j] = std::min({last[j] + 1, row[j - 1] + 1, last[j - 1] + other});
      bool swapped = i > 1 && j > 1 && lower(a[i - 1]) == lower(b[j - 2]) &&
                     lower(a[i - 2]) == lower(b[j - 1]);
      if (swapped) row[j] = std::min(row[j], before[j - 2] + 1);
    }
    before = std::exchange(last, std::move(row));
  }
  return last.back();
}

}  // namespace

void Complaints::add(std::string where, std::string what) {
  problems_.push_back({std::move(where), std::move(what)});
}

void Complaints::warn(std::string where, std::string what) {
  warnings_.push_back({std::move(where), std::move(what)});
}

void Complaints::make_strict() {
  std::move(warnings_.begin(), warnings_.end(), std::back_inserter(problems_));
  warnings_.clear();
}

void Complaints::append(const Complaints& others) {
  problems_.insert(problems_.end(), others.problems_.begin(), others.problems_.end());
  warnings_.insert(warnings_.end(), others.warnings_.begin(), others.warnings_.end());
}

void Complaints::relabel(std::string_view from, const std::string& to) {
  for (auto* list : {&problems_, &warnings_}) {
    for (Complaint& complaint : *list) {
      if (complaint.where == from) complaint.where = to;
    }
  }
}

Result<> Complaints::as_result() const {
  if (problems_.empty()) return {};
  std::string text;
  for (const Complaint& problem : problems_) {
    if (!text.empty()) text += '\n';
    text += line_of(problem);
  }
  return fail(Code::invalid, std::move(text));
}

std::string line_of(const Complaint& complaint) {
  return complaint.where.empty() ? complaint.what : complaint.where + ": " + complaint.what;
}

std::string_view suggest(std::string_view word, const std::vector<std::string_view>& candidates) {
  // A short word may be wrong in one letter, a long one in three.
  std::size_t edits_max = std::clamp<std::size_t>(word.size() / 3, 1, 3);
  std::string_view best;
  for (std::string_view candidate : candidates) {
    std::size_t edits = edits_between(word, candidate);
    if (edits > edits_max || (!best.empty() && edits == edits_max)) continue;
    best = candidate;
    if (edits == 0) break;
    edits_max = edits;
  }
  return best;
}

}  // namespace tidegate::domain
