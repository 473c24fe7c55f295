#include "app/cluster_parts.h"

#include <utility>

#include "backend/kubernetes/kubernetes_backend.h"
#include "control/cluster_access.h"
#include "image/images.h"
#include "image/store_limit.h"
#include "kube/config.h"
#include "oci/registry.h"

namespace tidegate::app {
namespace {

namespace kubernetes = backend::kubernetes;

image::ImagesOptions images_of(const ClusterWorld& world, const domain::ComputeTarget& target) {
  image::ImagesOptions options;
  options.root = world.data_dir / "images" / image::store_name(target.workspace, target.name);
  options.workspace = control::options_of(target.cluster->registry);
  options.global = control::options_of(target.cluster->global_registry);
  options.default_base = target.cluster->default_base_image;
  options.uv = world.uv;
  return options;
}

Result<std::unique_ptr<control::ClusterParts>> make(const ClusterWorld& world,
                                                    const domain::ComputeTarget& target,
                                                    std::function<void()> on_change) {
  if (!target.cluster) {
    return fail(Code::invalid, "compute target " + target.name + " has no cluster attached");
  }
  const domain::ClusterAttachment& cluster = *target.cluster;
  TIDEGATE_TRY(kube::Config config,
               kube::parse_kubeconfig(cluster.kubeconfig.reveal(), /*folder=*/{}));
  auto parts = std::make_unique<control::ClusterParts>();
  auto registry =
      std::make_shared<oci::Registry>(control::options_of(cluster.registry), world.http);
  parts->client = kube::make_client(std::move(config), world.http);
  parts->environments = std::make_unique<control::ProviderOf<image::Images>>(
      images_of(world, target), world.runner, world.http);
  parts->backend = std::make_unique<kubernetes::KubernetesBackend>(
      cluster, kubernetes::KubernetesBackend::Seams{.client = *parts->client,
                                                    .push = kubernetes::push_to(*registry),
                                                    .clock = world.clock,
                                                    .on_change = std::move(on_change)});
  parts->owned = std::move(registry);
  return parts;
}

}  // namespace

control::MakeCluster real_clusters(const ClusterWorld& world) {
  return [world](const domain::ComputeTarget& target, std::function<void()> on_change) {
    return make(world, target, std::move(on_change));
  };
}

}  // namespace tidegate::app
