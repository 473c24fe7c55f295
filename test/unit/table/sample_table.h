#pragma once

#include "table/table.h"

namespace tidegate::table {

// One of everything, none of the values a default.
inline Table sample_table() {
  Version version{
      .id = "svc-1.2",
      .name = "blue",
      .weight = 30,
      .max_concurrent_per_replica = 4,
      .max_queue_wait = Milliseconds(750),
      .scoring_timeout = Milliseconds(1234),
      .replicas = {{.id = "r1", .address = "unix:/tmp/r1.sock", .exit_record = "/tmp/r1.json"},
                   {.id = "r2", .address = "tcp:127.0.0.1:5001"}}};
  Version empty{.id = "svc-1.3", .name = "green", .replicas = {}};
  Service keyed{.workspace = "default",
                .name = "diabetes",
                .auth_enabled = true,
                .key_sha256 = {std::string(32, '\x80'), std::string(32, '\0')},
                .versions = {version, empty}};
  Service open{.workspace = "research",
               .name = "open",
               .auth_enabled = false,
               .key_sha256 = {},
               .versions = {}};
  return Table{.version = 42, .services = {keyed, open}};
}

}  // namespace tidegate::table
