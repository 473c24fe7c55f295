#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"

namespace tidegate::domain {

// One problem of an input: where it is (file, key or flag) and what would be right.
struct Complaint {
  std::string where;  // "deploymentconfig.json: autoScaler.minReplicas", "-n/--name"
  std::string what;   // "must be at most maxReplicas (3), is 5"
};

// All problems of an input at once, and what was only odd.
class Complaints {
 public:
  void add(std::string where, std::string what);
  void warn(std::string where, std::string what);  // an error too under --strict
  bool empty() const { return problems_.empty(); }
  const std::vector<Complaint>& problems() const { return problems_; }
  const std::vector<Complaint>& warnings() const { return warnings_; }
  void make_strict();  // warnings become problems
  void append(const Complaints& others);
  // Whatever was said about `from` is said about `to`: a flag that overrode a key of a file.
  void relabel(std::string_view from, const std::string& to);

  // Code::invalid with one line per problem, or success.
  Result<> as_result() const;

 private:
  std::vector<Complaint> problems_;
  std::vector<Complaint> warnings_;
};

std::string line_of(const Complaint& complaint);  // "<where>: <what>"

// The candidate that differs from `word` by the fewest edits (case does not count), if close enough
// to be a typing mistake; empty otherwise.
std::string_view suggest(std::string_view word, const std::vector<std::string_view>& candidates);

}  // namespace tidegate::domain
