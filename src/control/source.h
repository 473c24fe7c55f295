// The uploaded part of a workload: which files it has, and laying them out as the app root.
#pragma once

#include <string>
#include <vector>

#include "domain/service.h"
#include "os/file.h"
#include "store/store.h"

namespace tidegate::control {

struct SourceFile {
  os::Path blob;
  std::string path;     // below the app root
  bool unpack = false;  // a tar.gz whose content goes to the app root
};

// All files of the workload's assets. An asset that is not there: Code::not_found.
Result<std::vector<SourceFile>> source_files(store::Store& store, std::string_view workspace,
                                             const domain::Workload& workload);

// Lays them out in `folder`, which must not exist yet; on failure it is gone again. For workers.
Result<> lay_out_source(const std::vector<SourceFile>& files, const os::Path& folder);

// The entry script's path below the app root: AZUREML_ENTRY_SCRIPT, else the driver program's file.
// Empty: it is the scoring server's own.
Result<std::string> entry_script_of(store::Store& store, std::string_view workspace,
                                    const domain::Workload& workload);

// Ids of every asset it names.
std::vector<std::string> asset_ids(const domain::Workload& workload);

}  // namespace tidegate::control
