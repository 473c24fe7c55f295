#include "kube/client.h"

#include <fmt/format.h>

#include "kube/paths.h"
#include "kube/status.h"
#include "kube/watch_stream.h"

namespace tidegate::kube {
namespace {

constexpr Milliseconds kCallTimeout{10'000};
constexpr std::string_view kFieldManager = "tidegate";
constexpr std::string_view kItemsPerPage = "500";
constexpr int kPagesMax = 1000;
constexpr std::string_view kLogBytesMax = "16777216";
// A watch is ended by the server after this time. A server that says nothing for a while, not even
// a bookmark (they come each minute), is asked anew: it may be gone without a word.
constexpr int kWatchSeconds = 240;
constexpr Milliseconds kWatchStall{90'000};

std::string without_query(std::string_view url) {
  return std::string(url.substr(0, url.find('?')));
}

std::string what_of(const fetch::Request& request) {
  return fmt::format("{} {}", request.method, without_query(request.url));
}

std::string last_line_trimmed(std::string text) {
  text.erase(text.find_last_not_of(" \t\r\n") + 1);
  return text;
}

// Items of a list have no kind of their own; those of a watch and of a get have.
void add_kind(Json& item, const Kind& kind) {
  if (item.contains("kind")) return;
  item["apiVersion"] = kind.group.empty() ? std::string(kind.version)
                                          : fmt::format("{}/{}", kind.group, kind.version);
  item["kind"] = kind.kind;
}

class ApiClient final : public Client {
 public:
  ApiClient(Config config, fetch::Client& http) : config_(std::move(config)), http_(http) {}

  Result<Json> get(const Kind& kind, const Where& where) override {
    TIDEGATE_TRY(std::string path, object_path(kind, where));
    return json_of(call("GET", path, where));
  }

  Result<List> list(const Kind& kind, const Where& where) override {
    auto listed = list_pages(kind, where, kItemsPerPage);
    // The server forgot the version of the pages before: they come in one piece then.
    if (!listed && listed.error().code == Code::conflict) return list_pages(kind, where, "");
    return listed;
  }

  Result<Json> apply(const Json& manifest) override {
    const Kind* kind = kind_of(manifest);
    if (kind == nullptr) {
      return fail(Code::invalid,
                  fmt::format("a manifest with apiVersion \"{}\" and kind \"{}\" is "
                              "not one that Tidegate applies",
                              text_or(manifest, "apiVersion", ""), text_or(manifest, "kind", "")));
    }
    const Json* metadata = find_member(manifest, "metadata");
    Where where;
    if (metadata != nullptr) {
      where.namespace_ = text_or(*metadata, "namespace", "");
      where.name = text_or(*metadata, "name", "");
    }
    TIDEGATE_TRY(std::string path, object_path(*kind, where));
    path = with_query(path, {{"fieldManager", std::string(kFieldManager)}, {"force", "true"}});
    // JSON is YAML.
    return json_of(call("PATCH", path, where, to_text(manifest), "application/apply-patch+yaml"));
  }

  Result<Json> patch(const Kind& kind, const Where& where, const Json& patch) override {
    TIDEGATE_TRY(std::string path, object_path(kind, where));
    return json_of(merge(path, where, patch));
  }

  Result<> scale(const Kind& kind, const Where& where, int replicas) override {
    TIDEGATE_TRY(std::string path, object_path(kind, where));
    Json scaled = {{"spec", {{"replicas", replicas}}}};
    TIDEGATE_TRY_VOID(json_of(merge(path + "/scale", where, scaled)));
    return {};
  }

  Result<> remove(const Kind& kind, const Where& where) override {
    TIDEGATE_TRY(std::string path, object_path(kind, where));
    auto removed = call("DELETE", with_query(path, {{"propagationPolicy", "Background"}}), where);
    if (!removed && removed.error().code != Code::not_found) {
      return std::unexpected(std::move(removed.error()));
    }
    return {};
  }

  Result<std::string> pod_log(const Where& where, std::string_view container, int tail_lines,
                              bool previous) override {
    TIDEGATE_TRY(std::string path, object_path(kPod, where));
    path = with_query(path + "/log", {{"container", std::string(container)},
                                      {"tailLines", std::to_string(tail_lines)},
                                      {"previous", previous ? "true" : ""},
                                      {"limitBytes", std::string(kLogBytesMax)}});
    TIDEGATE_TRY(fetch::Response response, call("GET", path, where));
    return std::move(response.body);
  }

  Result<bool> may(const Access& access) override {
    Json review = {{"apiVersion", "authorization.k8s.io/v1"},
                   {"kind", "SelfSubjectAccessReview"},
                   {"spec",
                    {{"resourceAttributes",
                      {{"verb", access.verb},
                       {"group", access.group},
                       {"resource", access.resource},
                       {"subresource", access.subresource},
                       {"namespace", access.namespace_}}}}}};
    TIDEGATE_TRY(Json answer,
                 json_of(call("POST", "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews", {},
                              to_text(review), "application/json")));
    const Json* status = find_member(answer, "status");
    const Json* allowed = status == nullptr ? nullptr : find_member(*status, "allowed");
    return allowed != nullptr && *allowed == true;
  }

  Result<fetch::Response> proxy_get(const Where& pod, int port, std::string_view path,
                                    const fetch::Headers& headers) override {
    TIDEGATE_TRY(std::string place, object_path(kPod, pod));
    TIDEGATE_TRY(fetch::Request request,
                 request_for("GET", fmt::format("{}:{}/proxy{}", place, port, path)));
    request.headers.insert(request.headers.end(), headers.begin(), headers.end());
    request.is_cancelled = pod.is_cancelled;
    TIDEGATE_TRY(fetch::Response response, send(request));
    // The API server's own refusal, and not the pod's answer.
    if (!response.ok() && as_status(response.body)) {
      return std::unexpected(error_of(response.status, response.body, what_of(request)));
    }
    return response;
  }

  Result<std::string> server_version() override {
    TIDEGATE_TRY(Json version, json_of(call("GET", "/version", {})));
    return text_or(version, "gitVersion", "");
  }

  Result<> watch(const Kind& kind, const Where& where, const std::string& resource_version,
                 const OnEvent& on_event, const std::function<bool()>& is_cancelled) override;

 private:
  Result<List> list_pages(const Kind& kind, const Where& where, std::string_view limit);

  Result<fetch::Request> request_for(std::string_view method, std::string_view path_and_query) {
    fetch::Request request;
    request.method = method;
    request.url = fmt::format("{}{}", config_.server, path_and_query);
    request.tls = config_.tls;
    request.timeout = kCallTimeout;
    request.redirects_max = 0;  // our headers are for this server alone
    request.headers.emplace_back("Accept", "application/json");
    std::string token = config_.token.reveal();
    if (!config_.token_file.empty()) {
      TIDEGATE_TRY(token, os::read_file(config_.token_file));
      token = last_line_trimmed(std::move(token));
    }
    if (!token.empty()) request.headers.emplace_back("Authorization", "Bearer " + token);
    return request;
  }

  // An answer of any status. A server that does not answer in time cannot be reached either.
  Result<fetch::Response> send(const fetch::Request& request) {
    auto response = http_.send(request);
    if (!response && response.error().code == Code::timed_out) {
      return fail(Code::unavailable, std::move(response.error().message));
    }
    return response;
  }

  Result<fetch::Response> call(std::string_view method, std::string_view path_and_query,
                               const Where& where, std::string body = {},
                               std::string_view content_type = {}) {
    TIDEGATE_TRY(fetch::Request request, request_for(method, path_and_query));
    request.is_cancelled = where.is_cancelled;
    request.body = std::move(body);
    if (!content_type.empty()) {
      request.headers.emplace_back("Content-Type", std::string(content_type));
    }
    TIDEGATE_TRY(fetch::Response response, send(request));
    if (!response.ok()) {
      return std::unexpected(error_of(response.status, response.body, what_of(request)));
    }
    return response;
  }

  Result<fetch::Response> merge(const std::string& path, const Where& where, const Json& patch) {
    return call("PATCH", with_query(path, {{"fieldManager", std::string(kFieldManager)}}), where,
                to_text(patch), "application/merge-patch+json");
  }

  Result<Json> json_of(const Result<fetch::Response>& response) {
    if (!response) return std::unexpected(response.error());
    auto json = parse_json(response->body, config_.server);
    if (!json || !json->is_object()) {
      return fail(Code::unavailable,
                  fmt::format("{} is no Kubernetes API server: its answer is no JSON object",
                              config_.server));
    }
    return json;
  }

  const Config config_;
  fetch::Client& http_;  // thread-safe
};

Result<Client::List> ApiClient::list_pages(const Kind& kind, const Where& where,
                                           std::string_view limit) {
  List out;
  std::string next;
  for (int page = 0; page < kPagesMax; ++page) {
    Query query = selectors_of(where);
    query.emplace_back("limit", std::string(limit));
    query.emplace_back("continue", next);
    TIDEGATE_TRY(Json answer,
                 json_of(call("GET", with_query(collection_path(kind, where), query), where)));
    if (auto items = answer.find("items"); items != answer.end() && items->is_array()) {
      for (Json& item : *items) {
        add_kind(item, kind);
        out.items.push_back(std::move(item));
      }
    }
    const Json* metadata = find_member(answer, "metadata");
    next = metadata == nullptr ? "" : text_or(*metadata, "continue", "");
    if (metadata != nullptr) out.resource_version = text_or(*metadata, "resourceVersion", "");
    if (next.empty()) return out;
  }
  return fail(Code::exhausted,
              fmt::format("there are more than {} pages of {}", kPagesMax, kind.plural));
}

Result<> ApiClient::watch(const Kind& kind, const Where& where, const std::string& resource_version,
                          const OnEvent& on_event, const std::function<bool()>& is_cancelled) {
  Query query = selectors_of(where);
  query.emplace_back("watch", "true");
  query.emplace_back("allowWatchBookmarks", "true");
  query.emplace_back("timeoutSeconds", std::to_string(kWatchSeconds));
  query.emplace_back("resourceVersion", resource_version);
  TIDEGATE_TRY(fetch::Request request,
               request_for("GET", with_query(collection_path(kind, where), query)));
  request.timeout = std::chrono::seconds(kWatchSeconds) + kCallTimeout;
  request.stall_timeout = kWatchStall;
  request.is_cancelled = is_cancelled;
  bool is_open = false;
  Result<> received;
  WatchStream stream(on_event);
  request.on_head = [&](const fetch::Response& head) { is_open = head.ok(); };
  request.on_body = [&](std::string_view bytes) {
    received = stream.receive(bytes);
    return received.has_value();
  };
  auto response = http_.send(request);
  if (!received) return received;
  if (response) {
    if (response->ok()) return {};
    return std::unexpected(error_of(response->status, response->body, what_of(request)));
  }
  Error error = std::move(response.error());
  if (error.code == Code::cancelled) return {};
  if (error.code == Code::timed_out) {
    if (is_open) return {};
    error.code = Code::unavailable;
  }
  return std::unexpected(std::move(error));
}

}  // namespace

std::unique_ptr<Client> make_client(Config config, fetch::Client& http) {
  return std::make_unique<ApiClient>(std::move(config), http);
}

}  // namespace tidegate::kube
