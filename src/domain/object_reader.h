// Reading the members of a JSON object that a person wrote: wrong types and unknown keys become
// complaints, each with its place.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "domain/complaints.h"

namespace tidegate::domain {

// "" + key -> "key"; "file.json:" + key -> "file.json: key"; "a.b" + key -> "a.b.key".
std::string place_of(std::string_view where, std::string_view key);
// How a wrong value is shown: `the text "3"`, `the number 3`, `a list`.
std::string shown(const Json& value);
// One level of object or null; anything else is complained about and read as empty.
const Json& object_or_empty(const Json& value, std::string_view where, Complaints& complaints);
// "unknown key, ignored; did you mean x?"
void warn_unknown_key(std::string_view where, std::string_view key,
                      const std::vector<std::string_view>& known, Complaints& complaints);

// Asking for a key makes it known. A key that is absent or null gives nullopt (or an empty value),
// one of the wrong type too, after a complaint. The object outlives the reader.
class ObjectReader {
 public:
  ObjectReader(const Json& object, std::string where, Complaints& complaints);

  std::optional<std::string> text(std::string_view key);
  std::optional<std::string> text_or_number(std::string_view key);
  std::optional<bool> boolean(std::string_view key);
  const Json* object(std::string_view key);
  const Json* list(std::string_view key);
  const Json* any(std::string_view key);
  std::vector<std::string> texts(std::string_view key);
  // Numbers are taken as their text: `"PORT": 80`.
  std::map<std::string, std::string> text_map(std::string_view key);

  // Keys of the platform that old files have and nothing is done with.
  void also_known(std::initializer_list<std::string_view> keys);
  // Call last: warns of each key that nobody asked for.
  void warn_unknown();

  std::string place(std::string_view key) const { return place_of(where_, key); }

 private:
  const Json* member(std::string_view key, bool (Json::*is_type)() const noexcept,
                     std::string_view type);

  const Json& object_;
  std::string where_;
  Complaints& complaints_;
  std::vector<std::string_view> known_;
};

}  // namespace tidegate::domain
