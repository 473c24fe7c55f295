#pragma once

#include <string>
#include <thread>
#include <vector>

#include "os/real_clock.h"
#include "os/real_random.h"
#include "router/router.h"
#include "support/temp_dir.h"
#include "table/table.h"
#include "unit/http/support.h"
#include "unit/router/fake_replica.h"

namespace tidegate::router {

inline constexpr std::string_view kKey = "the-key";

// A table with one service, "diabetes" with key kKey, and one version, "v1". Tests change what they
// are about.
table::Table one_service(const std::vector<const FakeReplica*>& replicas);
table::Version& only_version(table::Table& table);

struct HarnessOptions {
  unsigned cores = 1;
  bool with_link = false;
  std::uint64_t body_max_bytes = 100UL << 20;
  std::uint32_t waiting_max = 10'000;
  Milliseconds drain_delay{0};
  Milliseconds drain_timeout{5'000};
  std::string link_token = {};
  bool reads_table = true;  // false: tables come by set_table() alone
  std::function<std::optional<std::string>(const std::string&)> exit_text = {};
  Milliseconds exit_wait = RouterOptions{}.exit_wait;
};

// The real router on loopback ports and threads of its own.
class Harness {
 public:
  explicit Harness(const table::Table& table, HarnessOptions options = {});
  ~Harness();

  http::RawSocket connect() const { return http::RawSocket::connect_to(address_); }
  void stop() { router_->stop(); }
  void set_table(table::Table table) { router_->set_table(std::move(table)); }
  void wait_until_stopped();

  os::Path link_path() const { return folder_ / "link.sock"; }
  os::Path table_path() const { return folder_ / "table"; }
  std::string access_log() const;  // complete once the router has stopped
  std::string metrics() const;
  // Waits until the metrics page has this line.
  bool metrics_show(const std::string& line) const;

 private:
  test::TempDir folder_;
  os::RealClock clock_;
  os::RealRandom random_;
  http::Address address_;
  std::unique_ptr<Router> router_;
  std::thread thread_;
};

// What came back for one request.
struct Answer {
  int status = 0;
  std::string head;
  std::string body;

  std::string header(std::string_view name) const;
  std::string reason() const;  // of the JSON body, empty if there is none
};

struct Request {
  std::string method = "POST";
  std::string path = "/api/v1/service/diabetes/score";
  std::string headers = "Authorization: Bearer the-key\r\n";
  std::string body = "{}";
};
std::string text_of(const Request& request);

// One request on a kept connection. A connection that ends early gives status 0.
Answer read_answer(http::RawSocket& socket);
Answer ask(http::RawSocket& socket, const Request& request = {});
// On a connection of its own.
Answer ask(const Harness& harness, const Request& request = {});

}  // namespace tidegate::router
