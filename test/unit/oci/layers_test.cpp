#include "oci/layers.h"

#include <algorithm>

#include <gtest/gtest.h>

#include "oci/artifact.h"

namespace tidegate::oci {
namespace {

Layer layer(std::string target, bool is_tar = false) {
  return {.blob = {.media_type = std::string(is_tar ? kTarLayer : kFileLayer),
                   .digest = "sha256:" + std::string(64, 'a'),
                   .size = 3},
          .target = std::move(target),
          .is_tar = is_tar};
}

std::string why_refused(const std::vector<Layer>& layers) {
  auto checked = check_layers(layers);
  // Whoever can write to the registry made the manifest: the same is refused on the way back.
  auto read = layers_of(manifest_of(layers));
  EXPECT_EQ(checked.has_value(), read.has_value());
  return checked ? "" : checked.error().message;
}

TEST(Layers, TargetsOutsideOfTheRootAreRefused) {
  for (std::string target : {"/etc/passwd", "../a", "a/../../b", "a/..", "..", ".", "./a", "a//b",
                             "a/", "/", "", ".tidegate-pull", ".tidegate-pull/x"}) {
    EXPECT_NE(why_refused({layer(target)}), "") << target;
  }
  EXPECT_NE(why_refused({layer(std::string("a\0b", 3))}), "");
  EXPECT_NE(why_refused({layer(std::string(256, 'a'))}), "");
  EXPECT_NE(why_refused({layer("../x", /*is_tar=*/true)}), "");
  EXPECT_EQ(why_refused({layer("", /*is_tar=*/true)}), "");
  EXPECT_EQ(why_refused({layer("a/..b/.c")}), "");
}

TEST(Layers, TwoPiecesInOnePlaceAreRefused) {
  EXPECT_NE(why_refused({layer("a"), layer("a")}), "");
  EXPECT_NE(why_refused({layer("a"), layer("a/b")}), "");
  EXPECT_NE(why_refused({layer("a/b/c"), layer("a/b")}), "");
  EXPECT_NE(why_refused({layer("a"), layer("a", true)}), "");
  EXPECT_NE(why_refused({layer("a"), layer("a/b", true)}), "");
  EXPECT_EQ(why_refused({layer("a/b"), layer("a/c"), layer("a", true)}), "");
}

TEST(Layers, NoLayerTooManyAndTooLargeAreRefused) {
  EXPECT_NE(why_refused({}), "");
  std::vector<Layer> many;
  for (std::size_t i = 0; i < kLayersMax; ++i) many.push_back(layer("f" + std::to_string(i)));
  EXPECT_EQ(why_refused(many), "");
  many.push_back(layer("one more"));
  EXPECT_NE(why_refused(many).find("4097"), std::string::npos);

  Layer large = layer("large");
  large.blob.size = kBytesMax;
  EXPECT_EQ(why_refused({large}), "");
  EXPECT_NE(why_refused({large, layer("b")}).find("\"b\""), std::string::npos);
  large.blob.size = ~0ULL;
  EXPECT_NE(why_refused({large}), "");
}

TEST(Layers, AManifestOfAnotherKindIsRefused) {
  Json good = manifest_of({layer("a")});
  ASSERT_TRUE(layers_of(good).has_value());
  Json image = good;
  image.erase("artifactType");
  EXPECT_FALSE(layers_of(image).has_value());
  Json newer = good;
  newer["layers"][0]["mediaType"] = "application/vnd.tidegate.file.v9";
  EXPECT_NE(layers_of(newer).error().message.find("v9"), std::string::npos);
  for (const char* digest : {"", "sha256:abc", "sha512:aa"}) {
    Json broken = good;
    broken["layers"][0]["digest"] = digest;
    EXPECT_FALSE(layers_of(broken).has_value()) << digest;
  }
  Json negative = good;
  negative["layers"][0]["size"] = -1;
  EXPECT_FALSE(layers_of(negative).has_value());
  for (const char* text : {"[]", "null", "{\"layers\": {}}", "7"}) {
    EXPECT_FALSE(layers_of(parse_json(text, "").value()).has_value()) << text;
  }
}

TEST(Layers, TheSameLayersGiveTheSameBytesInAnyOrder) {
  std::vector<Layer> layers{layer("b"), layer("", true), layer("a/x")};
  layers[0].executable = true;
  std::string first = to_text(manifest_of(layers));
  std::ranges::reverse(layers);
  EXPECT_EQ(to_text(manifest_of(layers)), first);
  EXPECT_EQ(first,
            R"({"schemaVersion":2,"mediaType":"application/vnd.oci.image.manifest.v1+json",)"
            R"("artifactType":"application/vnd.tidegate.app.v1","config":{"mediaType":)"
            R"("application/vnd.oci.empty.v1+json","digest":"sha256:44136fa355b3678a1146ad16f7e8)"
            R"(649e94fb4fc21fe77e8310c060f61caaff8a","size":2},"layers":[{"mediaType":)"
            R"("application/vnd.tidegate.tree.v1.tar+gzip","digest":"sha256:aaaaaaaaaaaaaaaaaaaa)"
            R"(aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa","size":3},{"mediaType":)"
            R"("application/vnd.tidegate.file.v1","digest":"sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaa)"
            R"(aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa","size":3,"annotations":{)"
            R"("org.opencontainers.image.title":"a/x"}},{"mediaType":)"
            R"("application/vnd.tidegate.file.v1","digest":"sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaa)"
            R"(aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa","size":3,"annotations":{)"
            R"("org.opencontainers.image.title":"b","io.tidegate.executable":"true"}}]})");
}

}  // namespace
}  // namespace tidegate::oci
