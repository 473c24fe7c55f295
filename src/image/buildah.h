// What we ask of buildah, as commands. Nothing here runs anything.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "oci/registry.h"
#include "os/process.h"

namespace tidegate::image {

class Buildah {
 public:
  struct Options {
    // Words before each command, of a program that runs it; empty: none.
    std::vector<std::string> before = {};
    os::Path storage;     // its images and containers; nobody else's
    os::Path registries;  // file: registries_text()
    os::Path logins;      // file: logins_text(); empty: those of `buildah login`
    os::Path
        certificates;  // folder with ca.crt, trusted beside the system's; empty: the system's alone
  };
  explicit Buildah(Options options) : options_(std::move(options)) {}

  // The user's Docker steps, in a context that holds nothing.
  os::Command build(const os::Path& dockerfile, const os::Path& context,
                    std::string_view tag) const;
  os::Command from(std::string_view base, std::string_view container) const;
  struct Mount {
    os::Path host;
    std::string inside;
    bool is_read_only = false;
  };
  // As root, whatever the image's user is.
  os::Command run(std::string_view container, const std::vector<Mount>& mounts,
                  const std::vector<std::string>& words) const;
  os::Command describe(std::string_view container, const std::map<std::string, std::string>& labels,
                       const std::map<std::string, std::string>& annotations) const;
  // Ends the container.
  os::Command commit(std::string_view container, std::string_view image) const;
  // target: "host:port/path:tag". The manifest goes last.
  os::Command push(std::string_view image, std::string_view target,
                   const os::Path& digest_file) const;
  os::Command remove_container(std::string_view container) const;
  // Also those of Docker steps, which have names that buildah chose.
  os::Command remove_all_containers() const;
  os::Command remove_image(std::string_view image) const;

 private:
  os::Command command(std::vector<std::string> words) const;
  os::Command with_network(std::string_view verb, const std::vector<std::string>& words) const;

  Options options_;
};

// registries.conf: which registries speak plain http, and where a short name ("python:3.11") is.
std::string registries_text(const std::vector<oci::RegistryOptions>& registries);
// A docker config.json with the logins; empty: there are none.
std::string logins_text(const std::vector<oci::RegistryOptions>& registries);

// The last lines of output that say why.
std::string last_lines(const std::vector<std::string>& output);

}  // namespace tidegate::image
