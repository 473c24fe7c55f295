// Tidegate's REST API as the command line uses it: the socket and the token of a data folder.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/json.h"
#include "cli/context.h"
#include "fetch/client.h"

namespace tidegate::cli {

inline constexpr std::string_view kWorkspacePath =
    "/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/tidegate/providers/"
    "Microsoft.MachineLearningServices/workspaces/default";

// Paths: management("services") is below the model management API of the workspace, and so on.
std::string management(std::string_view path);
std::string artifacts(std::string_view path);
std::string computes(std::string_view path);   // where they are read
std::string workspace(std::string_view path);  // where computes are created and deleted

// What an error object of the API says: its message, then its details, one line each. A value that
// comes from one flag only is called by it.
std::string message_of(const Json& error);

class Api {
 public:
  explicit Api(Context& context) : context_(context) {}

  // The decoded body of a good answer. A bad one is an error with the server's own words; no server
  // is an error that says how to start one.
  Result<Json> get(const std::string& path);
  Result<Json> post(const std::string& path, const Json& body);
  // All pages of a list.
  Result<Json> list(const std::string& path);

  // The answer itself, whatever its status, for those who look at headers; headers and body are the
  // caller's. Errors only if no whole answer came.
  Result<fetch::Response> send(fetch::Request request);
  // The error of an answer that is not good.
  static std::unexpected<Error> failure(const fetch::Response& response, std::string_view what);

 private:
  Result<std::string> token();
  std::unexpected<Error> explain(const Error& error) const;

  Context& context_;
  std::optional<std::string> token_;
};

}  // namespace tidegate::cli
