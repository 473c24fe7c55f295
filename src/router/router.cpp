#include "router/router.h"

#include "router/hub.h"

namespace tidegate::router {

struct Router::Impl {
  Impl(RouterOptions options, const Clock& clock, Random& random,
       std::vector<os::UniqueFd> listeners)
      : hub(std::move(options), clock, random, std::move(listeners)) {}
  Hub hub;
};

Router::Router(RouterOptions options, const Clock& clock, Random& random,
               std::vector<os::UniqueFd> listeners)
    : impl_(std::make_unique<Impl>(std::move(options), clock, random, std::move(listeners))) {}

Router::~Router() = default;

Result<> Router::run() {
  return impl_->hub.run();
}
void Router::set_table(table::Table table) {
  impl_->hub.set_table(std::move(table));
}
void Router::stop() {
  impl_->hub.stop();
}

}  // namespace tidegate::router
