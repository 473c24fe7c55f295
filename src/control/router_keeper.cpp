#include "control/router_keeper.h"

#include <algorithm>
#include <thread>
#include <utility>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "backend/kubernetes/attachment.h"
#include "backend/kubernetes/labels.h"
#include "backend/kubernetes/router_workload.h"
#include "base/json_path.h"
#include "base/log.h"

namespace tidegate::control {
namespace {

namespace kubernetes = backend::kubernetes;
using backend::Trouble;

constexpr Milliseconds kPeriod{2'000};
constexpr std::string_view kTerminating = "NamespaceTerminating";

// The target's name for people: the part of "<workspace>/<name>" that they typed.
std::string name_of(const std::string& attached_as) {
  return attached_as.substr(attached_as.find('/') + 1);
}

// "are gone", or what of theirs is.
std::string loss_text(const std::vector<std::string>& missing, std::string_view are,
                      std::string_view have) {
  const std::string all = fmt::format("Deployment {}", kubernetes::kRouterName);
  bool are_gone = std::ranges::find(missing, all) != missing.end();
  if (are_gone) return fmt::format("{} gone", are);
  return fmt::format("{} lost {}", have, fmt::join(missing, ", "));
}

Trouble terminating(std::string message) {
  return {.code = std::string(kTerminating),
          .message = std::move(message) + ", with everything in it",
          .next_step =
              "Once it is gone, it is made again with routers and services; detach the "
              "target if that is not wanted."};
}

}  // namespace

RouterKeeper::RouterKeeper(kube::Client& client, domain::ClusterAttachment cluster,
                           std::string attached_as, http::Loop& loop, const Clock& clock)
    : client_(client),
      cluster_(std::move(cluster)),
      attached_as_(std::move(attached_as)),
      clock_(clock),
      base_(cluster_.scoring_base),
      timer_(loop),
      lane_(loop, /*threads=*/1) {}

void RouterKeeper::start(Hooks hooks) {
  hooks_ = std::move(hooks);
  check();
}

void RouterKeeper::stop() {
  is_ending_ = true;
  timer_.cancel();
}

void RouterKeeper::hold(std::function<void()> then) {
  held_ = true;
  if (!checking_) return then();
  when_quiet_ = std::move(then);
}

void RouterKeeper::release() {
  held_ = false;
}

void RouterKeeper::check() {
  if (is_ending_ || checking_) return;
  checking_ = true;
  lane_.start(
      [this, may_restore = !held_, table = hooks_.table()] { return look(may_restore, table); },
      [this](Result<Found> found) { on_look(std::move(found)); });
}

Result<RouterKeeper::Found> RouterKeeper::look(bool may_restore, const std::string& table) const {
  auto space = client_.get(kube::kNamespace, {.name = cluster_.kube_namespace});
  if (space) {
    if (auto told = kubernetes::deletion_of(*space)) return Found{.trouble = terminating(*told)};
  }
  TIDEGATE_TRY(Parts seen, look_at_parts());
  if (!seen.missing.empty()) {
    return may_restore ? restore(seen.missing, table) : Found{};
  }
  TIDEGATE_TRY(Json deployment, std::move(seen.deployment));
  TIDEGATE_TRY(Json service, std::move(seen.service));
  return Found{
      .restored = {}, .trouble = trouble_of_pods(deployment), .service = std::move(service)};
}

// What the user may not see counts as there.
Result<RouterKeeper::Parts> RouterKeeper::look_at_parts() const {
  std::vector<Json> parts = kubernetes::router_manifests(cluster_, attached_as_);
  for (Json& secret : kubernetes::secret_manifests(cluster_)) parts.push_back(std::move(secret));
  parts.push_back(kubernetes::table_manifest(cluster_, ""));
  Parts seen;
  for (const Json& part : parts) {
    std::string kind = text_or(part, "kind", "");
    std::string name = text_at(part, {"metadata", "name"});
    auto found =
        client_.get(*kube::kind_of(part), {.namespace_ = cluster_.kube_namespace,
                                           .name = name,
                                           .is_cancelled = [this] { return is_ending_.load(); }});
    bool is_missing = !found && found.error().code == Code::not_found;
    if (is_missing) seen.missing.push_back(fmt::format("{} {}", kind, name));
    bool is_known = found || is_missing || found.error().code == Code::forbidden;
    if (!is_known) return std::unexpected(found.error());
    if (kind == "Deployment") {
      seen.deployment = std::move(found);
    } else if (kind == "Service") {
      seen.service = std::move(found);
    }
  }
  return seen;
}

Result<RouterKeeper::Found> RouterKeeper::restore(const std::vector<std::string>& missing,
                                                  const std::string& table) const {
  kubernetes::Attachment attachment(
      cluster_, attached_as_,
      {.client = client_,
       .clock = clock_,
       .sleep = [](Milliseconds time) { std::this_thread::sleep_for(time); },
       .on_line = [](std::string_view) {},
       .first_table = table});
  auto done = attachment.restore();
  if (done && *done == kubernetes::Attachment::Restored::all) {
    return Found{.restored = loss_text(missing, "were", "had")};
  }
  if (done) {
    return Found{.restored = {},
                 .trouble = terminating(kubernetes::deletion_text(cluster_.kube_namespace))};
  }
  const Error& error = done.error();
  if (error.code == Code::unavailable || error.code == Code::timed_out) {
    return std::unexpected(error);
  }
  return Found{
      .restored = {},
      .trouble = Trouble{
          .code = "RoutersGone",
          .message = fmt::format("the routers of {} {} in namespace {}, which cannot be put "
                                 "back: {}",
                                 name_of(attached_as_), loss_text(missing, "are", "have"),
                                 cluster_.kube_namespace, error.message),
          .next_step = fmt::format("Give the kubeconfig's user the right, or attach {} again with "
                                   "a user who has it; what is gone is put back then.",
                                   name_of(attached_as_)),
          .is_final = true}};
}

std::optional<Trouble> RouterKeeper::trouble_of_pods(const Json& deployment) const {
  if (number_at(deployment, {"status", "readyReplicas"}) > 0) return std::nullopt;
  long wanted = number_at(deployment, {"spec", "replicas"});
  Trouble trouble{.code = "RoutersNotReady",
                  .message = fmt::format("none of the {} routers of {} in namespace {} is ready",
                                         wanted, name_of(attached_as_), cluster_.kube_namespace),
                  .next_step = fmt::format(
                      "`kubectl -n {} describe pods -l {}` tells more; attaching {} again "
                      "puts the routers back as they were.",
                      cluster_.kube_namespace, kubernetes::kRouterSelector, name_of(attached_as_))};
  auto pods = client_.list(kube::kPod, {.namespace_ = cluster_.kube_namespace,
                                        .selector = std::string(kubernetes::kRouterSelector)});
  if (!pods) return trouble;
  for (const Json& pod : pods->items) {
    std::string why = kubernetes::router_trouble(pod);
    if (why.empty()) continue;
    trouble.message += "; " + why;
    break;
  }
  return trouble;
}

void RouterKeeper::on_look(Result<Found> found) {
  checking_ = false;
  if (auto then = std::exchange(when_quiet_, nullptr)) then();
  if (is_ending_) return;
  timer_.start(kPeriod, [this] { check(); });
  // A cluster that is away is told by those who look at its pods.
  if (!found) return;
  if (!found->restored.empty()) {
    std::string text =
        fmt::format("the routers of {} {}; restored", name_of(attached_as_), found->restored);
    log(Level::warning, "routers_restored",
        {{"compute", name_of(attached_as_)},
         {"namespace", cluster_.kube_namespace},
         {"routers", found->restored}});
    news_.push_back(std::move(text));
    hooks_.restored();
  }
  note_trouble(std::move(found->trouble));
  note_service(found->service);
  hooks_.changed();
}

void RouterKeeper::note_trouble(std::optional<Trouble> trouble) {
  if (!trouble) return trouble_.reset();
  bool is_known = trouble_ && trouble_->trouble.code == trouble->code;
  bool is_told = is_known && trouble_->trouble.message == trouble->message;
  MonoTime since = is_known ? trouble_->since : clock_.mono();
  if (!is_told) {
    log(Level::warning, "routers_in_trouble",
        {{"compute", name_of(attached_as_)}, {"reason", trouble->message}});
  }
  trouble_ = RoutersTrouble{std::move(*trouble), since};
}

void RouterKeeper::note_service(const Json& service) {
  if (service.is_null()) return;
  std::string base = kubernetes::scoring_base_now(base_, service);
  if (base == base_) return;
  base_ = std::move(base);
  hooks_.moved(service);
}

}  // namespace tidegate::control
