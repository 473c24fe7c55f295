#include "scoring/number_arrays.h"

#include <algorithm>
#include <charconv>

namespace tidegate::scoring {
namespace {

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

// A place in a text. Reads 0 behind its end, which no JSON has outside of strings.
class Cursor {
 public:
  explicit Cursor(std::string_view text) : text_(text) {}

  char peek() const { return at_ < text_.size() ? text_[at_] : '\0'; }
  bool take(char c) {
    if (peek() != c) return false;
    ++at_;
    return true;
  }
  // Behind spaces.
  bool next(char c) {
    skip_space();
    return take(c);
  }
  void skip_space() {
    while (at_ < text_.size() &&
           std::string_view(" \t\r\n").find(text_[at_]) != std::string_view::npos)
      ++at_;
  }
  std::size_t skip_digits() {
    const std::size_t begin = at_;
    while (is_digit(peek())) ++at_;
    return at_ - begin;
  }
  bool skip_string();
  bool skip_value();
  bool at_end() const { return at_ == text_.size(); }
  std::size_t at() const { return at_; }
  std::string_view since(std::size_t begin) const { return text_.substr(begin, at_ - begin); }

 private:
  std::string_view text_;
  std::size_t at_ = 0;
};

// With its quotes.
bool Cursor::skip_string() {
  if (!take('"')) return false;
  while (at_ < text_.size()) {
    const char c = text_[at_++];
    if (c == '"') return true;
    if (c == '\\') ++at_;
  }
  return false;
}

// To the comma or bracket behind it. What is between is for a parser to judge.
bool Cursor::skip_value() {
  for (int depth = 0; !at_end();) {
    const char c = peek();
    if (c == '"') {
      if (!skip_string()) return false;
      continue;
    }
    if (c == '[' || c == '{') ++depth;
    if (c == ']' || c == '}') --depth;
    if (depth < 0 || (depth == 0 && c == ',')) return true;
    ++at_;
  }
  return false;
}

// RFC 8259 section 6; std::from_chars alone takes more than that.
struct NumberText {
  std::string_view text;
  bool is_whole = true;
};

bool read_number_text(Cursor& cursor, NumberText& number) {
  const std::size_t begin = cursor.at();
  cursor.take('-');
  if (!cursor.take('0') && cursor.skip_digits() == 0) return false;
  if (cursor.take('.')) {
    number.is_whole = false;
    if (cursor.skip_digits() == 0) return false;
  }
  if (cursor.take('e') || cursor.take('E')) {
    number.is_whole = false;
    if (!cursor.take('+')) cursor.take('-');
    if (cursor.skip_digits() == 0) return false;
  }
  number.text = cursor.since(begin);
  return true;
}

template <class Number>
bool convert(std::string_view text, Number& number) {
  const auto read = std::from_chars(text.data(), text.data() + text.size(), number);
  return read.ec == std::errc() && read.ptr == text.data() + text.size();
}

class ArrayReader {
 public:
  explicit ArrayReader(Cursor& cursor) : cursor_(cursor) {}

  // Behind the array, or false.
  bool read(NumberArray& out) {
    if (!cursor_.take('[') || !read_level(0)) return false;
    if (real_.empty()) {
      out.numbers = std::move(whole_);
    } else {
      out.numbers = std::move(real_);
    }
    out.shape = std::move(shape_);
    return true;
  }

 private:
  bool read_level(std::size_t depth);
  bool read_element(std::size_t depth, bool is_array);
  bool read_number();
  bool fits(std::size_t depth, std::size_t size);

  Cursor& cursor_;
  NumberArray::Whole whole_;
  NumberArray::Real real_;  // used from the first number with a point on
  std::vector<std::size_t> shape_;
  std::optional<std::size_t> leaf_depth_;  // where the numbers are
};

// Behind the bracket that opens.
bool ArrayReader::read_level(std::size_t depth) {
  if (depth == kDimensionsMax) return false;
  if (shape_.size() == depth) shape_.push_back(0);  // not known yet
  std::size_t size = 0;
  do {
    cursor_.skip_space();
    if (!read_element(depth, cursor_.take('['))) return false;
    ++size;
  } while (cursor_.next(','));
  return cursor_.take(']') && fits(depth, size);
}

bool ArrayReader::read_element(std::size_t depth, bool is_array) {
  if (is_array) return leaf_depth_ != depth && read_level(depth + 1);
  if (leaf_depth_.value_or(depth) != depth) return false;
  leaf_depth_ = depth;
  return read_number();
}

bool ArrayReader::read_number() {
  NumberText number;
  if (!read_number_text(cursor_, number)) return false;
  if (number.is_whole) {
    std::int64_t whole = 0;
    if (!convert(number.text, whole)) return false;
    real_.empty() ? whole_.push_back(whole) : real_.push_back(static_cast<double>(whole));
    return true;
  }
  double real = 0;
  if (!convert(number.text, real)) return false;
  if (real_.empty()) real_.assign(whole_.begin(), whole_.end());
  real_.push_back(real);
  return true;
}

bool ArrayReader::fits(std::size_t depth, std::size_t size) {
  if (shape_[depth] == 0) shape_[depth] = size;
  return shape_[depth] == size;
}

// Walks through the members of one object.
class Taker {
 public:
  Taker(std::string_view json, std::span<const std::string> names)
      : json_(json), cursor_(json), names_(names) {}

  std::optional<TakenArrays> take() {
    if (!cursor_.next('{')) return std::nullopt;
    do {
      if (!take_member()) return std::nullopt;
    } while (cursor_.next(','));
    if (!cursor_.take('}') || taken_.arrays.empty()) return std::nullopt;
    cursor_.skip_space();
    if (!cursor_.at_end()) return std::nullopt;
    taken_.rest.append(json_.substr(copied_));
    return std::move(taken_);
  }

 private:
  bool take_member();
  bool take_array(std::string_view key);
  bool is_wanted(std::string_view key) const {
    return std::find(names_.begin(), names_.end(), key) != names_.end();
  }

  std::string_view json_;
  Cursor cursor_;
  std::span<const std::string> names_;
  std::vector<std::string_view> seen_;  // of the names
  std::size_t copied_ = 0;
  TakenArrays taken_;
};

bool Taker::take_member() {
  cursor_.skip_space();
  const std::size_t quote = cursor_.at();
  if (!cursor_.skip_string()) return false;
  const std::string_view key = json_.substr(quote + 1, cursor_.at() - quote - 2);
  if (key.find('\\') != std::string_view::npos || !cursor_.next(':')) return false;
  cursor_.skip_space();
  if (!is_wanted(key)) return cursor_.skip_value();
  if (std::find(seen_.begin(), seen_.end(), key) != seen_.end()) return false;
  seen_.push_back(key);
  return cursor_.peek() == '[' ? take_array(key) : cursor_.skip_value();
}

bool Taker::take_array(std::string_view key) {
  const std::size_t begin = cursor_.at();
  auto& [name, array] = taken_.arrays.emplace_back(key, NumberArray());
  if (!ArrayReader(cursor_).read(array)) return false;
  taken_.rest.append(json_.substr(copied_, begin - copied_)).append("null");
  copied_ = cursor_.at();
  return true;
}

}  // namespace

std::optional<TakenArrays> take_arrays(std::string_view json, std::span<const std::string> names) {
  return Taker(json, names).take();
}

}  // namespace tidegate::scoring
