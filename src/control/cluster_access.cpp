#include "control/cluster_access.h"

namespace tidegate::control {
namespace {

class RealRegistry final : public backend::kubernetes::AgentRegistry {
 public:
  RealRegistry(domain::RegistryAccess access, fetch::Client& http)
      : access_(std::move(access)), http_(http) {}

  Result<> ping() override { return oci::Registry(options_of(access_), http_).ping(); }

  // An image of another registry is asked for there, without a password.
  Result<std::optional<std::string>> pinned(const std::string& image) override {
    TIDEGATE_TRY(oci::Reference reference, oci::parse_reference(image));
    oci::RegistryOptions options;
    if (reference.registry == oci::host_of(access_.address)) options = options_of(access_);
    options.address = reference.registry;
    std::string version = !reference.digest.empty() ? reference.digest
                          : reference.tag.empty()   ? "latest"
                                                    : reference.tag;
    oci::Registry registry(options, http_);
    TIDEGATE_TRY(auto manifest, registry.manifest(reference.repository, version));
    if (!manifest) return std::nullopt;
    reference.tag.clear();
    reference.digest = manifest->digest;
    return reference.text();
  }

 private:
  const domain::RegistryAccess access_;
  fetch::Client& http_;
};

class RealAccess final : public ClusterAccess {
 public:
  explicit RealAccess(fetch::Client& http) : http_(http) {}

  Result<std::unique_ptr<kube::Client>> connect(
      const domain::ClusterAttachment& attachment) override {
    TIDEGATE_TRY(kube::Config config, kube::parse_kubeconfig(attachment.kubeconfig.reveal(), "/"));
    return kube::make_client(std::move(config), http_);
  }
  std::unique_ptr<backend::kubernetes::AgentRegistry> registry(
      const domain::RegistryAccess& access) override {
    return std::make_unique<RealRegistry>(access, http_);
  }

 private:
  fetch::Client& http_;
};

}  // namespace

oci::RegistryOptions options_of(const domain::RegistryAccess& access) {
  oci::RegistryOptions options;
  options.address = access.address;
  options.is_plain_http = access.is_plain_http;
  options.user = access.user;
  options.password = access.password;
  return options;
}

std::unique_ptr<ClusterAccess> make_cluster_access(fetch::Client& http) {
  return std::make_unique<RealAccess>(http);
}

}  // namespace tidegate::control
