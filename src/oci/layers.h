// Inside of oci: the manifest of an artifact as data. Pure.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "oci/registry.h"

namespace tidegate::oci {

struct Layer {
  Descriptor blob;     // no annotations: they are the members below
  std::string target;  // relative to the app root
  bool is_tar = false;
  bool executable = false;
};

// A manifest of more layers would come near the 4 MB that registries accept.
inline constexpr std::size_t kLayersMax = 4096;
// A node would evict the pod for its use of the disk long before.
inline constexpr std::uint64_t kBytesMax = 256ULL << 30;

inline constexpr std::string_view kEmptyConfig = "{}";
inline constexpr std::string_view kEmptyConfigDigest =
    "sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a";
// Our own folder within the app root while a pull is under way.
inline constexpr std::string_view kStageName = ".tidegate-pull";

// Refuses what nobody could pull: targets outside of the root, two pieces in one place, limits.
Result<> check_layers(const std::vector<Layer>& layers);
// Sorted, so that the same layers give the same bytes.
Json manifest_of(std::vector<Layer> layers);
// Checked as above: whoever can write to the registry may have made it.
Result<std::vector<Layer>> layers_of(const Json& manifest);

// "a/b/c" -> "a", "a/b".
std::vector<std::string> folders_of(std::string_view target);

}  // namespace tidegate::oci
