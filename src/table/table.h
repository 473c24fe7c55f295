// The routing table: immutable, versioned; all a router needs to know to route without anybody's
// help.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/error.h"

namespace tidegate::table {

struct Replica {
  std::string id;
  std::string address;  // http::Address::text()
  // Where it is told how the replica ended, once it has: a JSON file on the router's machine with
  // the member `text`; in a cluster, its container's id. Empty: nowhere.
  std::string exit_record = {};
  friend bool operator==(const Replica&, const Replica&) = default;
};

struct Version {
  std::string id;  // unique for ever, also across services and generations
  std::string name;
  std::uint32_t weight = 100;  // share of traffic, parts of the sum
  std::uint32_t max_concurrent_per_replica = 1;
  Milliseconds max_queue_wait{500};
  Milliseconds scoring_timeout{60'000};
  std::vector<Replica> replicas;  // those that may get requests, maybe none
  bool from_pods = false;  // the router finds the replicas itself, among the pods of its cluster
  friend bool operator==(const Version&, const Version&) = default;
};

struct Service {
  std::string workspace;  // "default" is reached without /w/<workspace>
  std::string name;
  bool auth_enabled = true;
  std::vector<std::string> key_sha256;  // raw 32 bytes each
  std::vector<Version> versions;        // one, until endpoints
  std::string replica_secret;           // shown to replicas with each request; empty: none
  friend bool operator==(const Service&, const Service&) = default;
};

struct Table {
  std::uint64_t version = 0;  // grows with every change; the newest wins
  std::vector<Service> services;
  friend bool operator==(const Table&, const Table&) = default;
};

// Encoded form: magic "TGT1", then protobuf (table.proto). decode() refuses anything else with a
// reason; it never trusts lengths.
std::string encode(const Table& table);
Result<Table> decode(std::string_view bytes);

}  // namespace tidegate::table
