#include "app/flags.h"

#include <fcntl.h>

#include <algorithm>
#include <charconv>
#include <sstream>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace tidegate::app {

Result<Flags> Flags::parse(const std::vector<std::string>& arguments,
                           const std::vector<std::string>& known,
                           const std::vector<std::string>& switches) {
  Flags flags;
  flags.role_ = arguments.at(0);
  for (std::size_t i = 1; i < arguments.size(); i += 2) {
    const std::string& name = arguments[i];
    if (std::find(switches.begin(), switches.end(), name) != switches.end()) {
      flags.values_[name] = "";
      --i;  // no value behind it
      continue;
    }
    if (std::find(known.begin(), known.end(), name) == known.end()) {
      return fail(Code::invalid, fmt::format("tidegate {}: unknown flag {}; it takes {}",
                                             flags.role_, name, fmt::join(known, " ")));
    }
    if (i + 1 == arguments.size()) {
      return fail(Code::invalid, fmt::format("tidegate {}: {} needs a value", flags.role_, name));
    }
    flags.values_[name] = arguments[i + 1];
  }
  return flags;
}

const std::string& Flags::text(const std::string& name) const {
  static const std::string kNone;
  auto it = values_.find(name);
  return it == values_.end() ? kNone : it->second;
}

Result<std::string> Flags::required(const std::string& name) const {
  if (!text(name).empty()) return text(name);
  return fail(Code::invalid, fmt::format("tidegate {}: {} is missing", role_, name));
}

Result<std::int64_t> Flags::number(const std::string& name, std::int64_t fallback) const {
  if (!has(name)) return fallback;
  const std::string& given = text(name);
  std::int64_t value = -1;
  auto [end, error] = std::from_chars(given.data(), given.data() + given.size(), value);
  if (error != std::errc() || end != given.data() + given.size() || value < 0) {
    return fail(Code::invalid,
                fmt::format("tidegate {}: {} {}: no whole number from 0 up", role_, name, given));
  }
  return value;
}

Result<std::vector<os::UniqueFd>> Flags::descriptors(const std::string& name) const {
  std::vector<os::UniqueFd> fds;
  std::istringstream list(text(name));
  for (std::string item; std::getline(list, item, ',');) {
    int fd = -1;
    auto [end, error] = std::from_chars(item.data(), item.data() + item.size(), fd);
    if (error != std::errc() || end != item.data() + item.size() ||
        ::fcntl(fd, F_SETFD, FD_CLOEXEC) != 0) {
      return fail(Code::invalid, fmt::format("tidegate {}: {} {}: {} is no open descriptor", role_,
                                             name, text(name), item));
    }
    fds.emplace_back(fd);
  }
  return fds;
}

std::string number_list(int first, std::size_t count) {
  std::vector<int> numbers;
  for (std::size_t i = 0; i < count; ++i) numbers.push_back(first + static_cast<int>(i));
  return fmt::format("{}", fmt::join(numbers, ","));
}

}  // namespace tidegate::app
