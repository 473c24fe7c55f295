// Opening listening sockets: used by the supervisor, which hands the descriptors on, and by the
// scoring server, which opens its own.
#pragma once

#include "http/address.h"
#include "os/fd.h"

namespace tidegate::http {

struct ListenOptions {
  bool reuse_port = false;  // tcp: several sockets on one address, one per core
  int backlog = 4096;
  int unix_mode = 0600;  // mode of a unix socket
};

// Non-blocking, close-on-exec. A unix socket file that nobody listens on any more is replaced; one
// that answers is Code::conflict, and so is a taken port. Works for unix paths of any length.
Result<os::UniqueFd> listen_on(const Address& address, const ListenOptions& options);
// The address a descriptor really has (port 0 becomes the port the kernel chose).
Result<Address> local_address(int fd);

}  // namespace tidegate::http
