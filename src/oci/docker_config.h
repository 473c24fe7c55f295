// Logins as docker, kubectl and the Secrets of type dockerconfigjson keep them.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/error.h"
#include "base/secret.h"

namespace tidegate::oci {

struct Login {
  std::string user;
  Secret password;
};
// From the text of a docker config.json, the login for "host[:port][/path]": of that path, else of
// the host. nullopt: it has none. what: the file's name, for errors, which show nothing of it.
Result<std::optional<Login>> login_for(std::string_view address, std::string_view config,
                                       std::string_view what);

}  // namespace tidegate::oci
