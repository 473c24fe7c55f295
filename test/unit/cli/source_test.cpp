#include "cli/source.h"

#include <gtest/gtest.h>

#include "archive/unpack.h"
#include "unit/cli/session.h"

namespace tidegate::cli {
namespace {

TEST(Parcel, ATemporaryFileGoesWithItsParcel) {
  Session session;
  session.write("temporary", "x");
  session.write("kept", "x");
  {
    Parcel first(session.folder() / "temporary", "a", true);
    Parcel moved(std::move(first));
    Parcel kept(session.folder() / "kept", "b", false);
    EXPECT_TRUE(std::filesystem::exists(session.folder() / "temporary"));
  }
  EXPECT_FALSE(std::filesystem::exists(session.folder() / "temporary"));
  EXPECT_TRUE(std::filesystem::exists(session.folder() / "kept"));
}

TEST(PackSource, TheNameComesFromTheContent) {
  Session session;
  session.write("score.py", "x = 1\n");
  Context context{session.console, session.server, session.clock,   session.random,
                  session.waiter,  session.data(), session.folder()};
  Source source{.folder = session.folder(), .script = session.folder() / "score.py"};
  auto first = pack_source(source, context);
  auto second = pack_source(source, context);
  ASSERT_TRUE(first.has_value() && second.has_value());
  EXPECT_EQ(first->name(), second->name());
  EXPECT_TRUE(first->name().ends_with(".tar.gz"));
  EXPECT_NE(first->file(), second->file());
  session.write("score.py", "x = 2\n");
  EXPECT_NE(pack_source(source, context)->name(), first->name());
  ASSERT_TRUE(archive::unpack(first->file(), session.folder() / "out", {}).has_value());
  EXPECT_EQ(os::read_file(session.folder() / "out/work/score.py").value(), "x = 1\n");
}

TEST(PackSource, OnlySomeOfManyLeftOutFilesAreNamed) {
  Session session;
  session.write("score.py", "x = 1\n");
  session.write(".amlignore", "*.csv\n");
  for (int i = 0; i < 13; ++i) session.write(fmt::format("{:02}.csv", i), "");
  Context context{session.console, session.server, session.clock,   session.random,
                  session.waiter,  session.data(), session.folder()};
  ASSERT_TRUE(
      pack_source({.folder = session.folder(), .script = session.folder() / "score.py"}, context)
          .has_value());
  EXPECT_NE(session.err.find("left out: 09.csv (pattern *.csv of .amlignore)\nleft out: 3 more\n"),
            std::string::npos)
      << session.err;
}

TEST(PackSource, ALinkThatLeadsOutIsNamed) {
  Session session;
  session.write("score.py", "x = 1\n");
  std::filesystem::create_symlink("/etc/passwd", session.folder() / "secret");
  Context context{session.console, session.server, session.clock,   session.random,
                  session.waiter,  session.data(), session.folder()};
  auto parcel =
      pack_source({.folder = session.folder(), .script = session.folder() / "score.py"}, context);
  ASSERT_FALSE(parcel.has_value());
  EXPECT_NE(parcel.error().message.find("secret is a link to /etc/passwd"), std::string::npos);
}

}  // namespace
}  // namespace tidegate::cli
