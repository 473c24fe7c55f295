// The code that is sent: found, checked and packed before anything goes to the server.
#pragma once

#include <optional>
#include <string>
#include <utility>

#include "base/json.h"
#include "cli/context.h"
#include "domain/complaints.h"
#include "domain/inference_config.h"
#include "os/file.h"

namespace tidegate::cli {

// Where a relative path of an inference config may begin, in this order.
struct SearchFolders {
  os::Path current;  // the current folder, or --path
  os::Path config;   // where the config file lies
};

struct Source {
  os::Path folder;    // sourceDirectory, absolute; empty: only the script is sent
  os::Path script;    // absolute
  std::string entry;  // AZUREML_ENTRY_SCRIPT: "<folder name>/<script>", or the script's name alone
  std::string text;   // of the script

  // AZUREML_SOURCE_DIRECTORY, empty without a folder.
  std::string folder_name() const;
  // Where a file that the inference config names may lie.
  os::Path base(const SearchFolders& search) const {
    return folder.empty() ? search.current : folder;
  }
};

// The first of the folders that has the script. Complaints name every place that was tried.
std::optional<Source> find_source(const domain::InferenceConfig& config,
                                  const SearchFolders& search, const std::string& where,
                                  domain::Complaints& complaints);

// A file to upload; a temporary one is removed with the object.
class Parcel {
 public:
  Parcel(os::Path file, std::string name, bool is_temporary)
      : file_(std::move(file)), name_(std::move(name)), is_temporary_(is_temporary) {}
  Parcel(Parcel&& other) noexcept
      : file_(std::exchange(other.file_, {})),
        name_(std::move(other.name_)),
        is_temporary_(std::exchange(other.is_temporary_, false)) {}
  ~Parcel();

  const os::Path& file() const { return file_; }
  const std::string& name() const { return name_; }  // how it is called on the server
  void set_name(std::string name) { name_ = std::move(name); }
  bool is_archive() const { return is_temporary_; }

 private:
  os::Path file_;
  std::string name_;
  bool is_temporary_;
};

// The folder as a tar.gz, with a report of what was left out; or the script as it is. A script that
// an ignore file leaves out is an error.
Result<Parcel> pack_source(const Source& source, Context& context);

}  // namespace tidegate::cli
