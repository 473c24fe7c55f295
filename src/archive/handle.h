// Inside of archive only: libarchive's handles as owners.
#pragma once

#include <archive.h>
#include <archive_entry.h>

#include <memory>
#include <string>

#include "base/error.h"

namespace tidegate::archive {

struct FreeReader {
  void operator()(struct archive* handle) const { archive_read_free(handle); }
};
struct FreeWriter {
  void operator()(struct archive* handle) const { archive_write_free(handle); }
};
struct FreeEntry {
  void operator()(archive_entry* entry) const { archive_entry_free(entry); }
};
using Reader = std::unique_ptr<struct archive, FreeReader>;
using Writer = std::unique_ptr<struct archive, FreeWriter>;
using Entry = std::unique_ptr<archive_entry, FreeEntry>;

inline std::string reason_of(struct archive* handle) {
  const char* text = archive_error_string(handle);
  return text != nullptr ? text : "unknown reason";
}

}  // namespace tidegate::archive
