#include "http/body.h"

#include <fmt/format.h>

namespace tidegate::http {

Result<> Body::append(std::string_view bytes, const BodyLimits& limits) {
  const std::uint64_t total = size() + bytes.size();
  if (total > limits.size_max_bytes) {
    return fail(Code::exhausted,
                fmt::format("the body is larger than {} bytes", limits.size_max_bytes));
  }
  if (!file_ && total <= limits.memory_max_bytes) {
    memory_.append(bytes);
    return {};
  }
  if (!file_) {
    TIDEGATE_TRY(os::TempFile file, os::TempFile::create(limits.spill_folder));
    TIDEGATE_TRY_VOID(file.append(memory_));
    file_ = std::move(file);
    memory_ = std::string();
  }
  return file_->append(bytes);
}

Result<std::string> Body::read_all() const {
  if (!file_) return memory_;
  std::string text(file_->size(), '\0');
  std::size_t done = 0;
  while (done < text.size()) {
    TIDEGATE_TRY(std::size_t n, file_->read_at(done, text.data() + done, text.size() - done));
    if (n == 0) return fail(Code::internal, "a spilled body became shorter");
    done += n;
  }
  return text;
}

void Body::clear() {
  memory_.clear();
  file_.reset();
}

}  // namespace tidegate::http
