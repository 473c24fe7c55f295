#pragma once

#include <string>
#include <vector>

#include "cli/api.h"
#include "cli/context.h"
#include "cli/source.h"

namespace tidegate::cli {

struct Upload {
  os::Path file;
  std::string path;  // in the container, with '/'
};

// A fresh container name, "<yymmddTHHMMSS>-<8 hex>".
std::string new_container(Context& context);

// Brings the files into the container. What the server has already, by content, is not sent again.
Result<> upload(Api& api, Context& context, const std::string& container,
                const std::vector<Upload>& files);

// An asset of what lies at `path` (a file or a folder) in the container. Returns its id.
Result<std::string> create_asset(Api& api, const std::string& container, const std::string& path);

// The source, uploaded: the `assets` of an environmentImageRequest.
Result<Json> send_source(Api& api, Context& context, const Parcel& parcel);

}  // namespace tidegate::cli
