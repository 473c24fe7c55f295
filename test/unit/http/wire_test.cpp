// Plays the conversations of test/wire (see its README).
#include <algorithm>
#include <filesystem>
#include <vector>

#include <gtest/gtest.h>

#include "unit/http/fake_handler.h"

namespace tidegate::http {
namespace {

enum class End { open, closed, incomplete };

struct Conversation {
  std::string sent;
  std::string answered;
  End end = End::open;
};

std::string unescape(std::string_view line) {
  std::string out;
  for (std::size_t i = 0; i < line.size(); ++i) {
    if (line[i] != '\\') {
      out.push_back(line[i]);
      continue;
    }
    const char kind = line[++i];
    if (kind == 'x') {
      out.push_back(static_cast<char>(std::stoi(std::string(line.substr(i + 1, 2)), nullptr, 16)));
      i += 2;
      continue;
    }
    constexpr std::string_view kNames = "rnt0\\";
    constexpr std::string_view kBytes("\r\n\t\0\\", 5);
    out.push_back(kBytes.at(kNames.find(kind)));
  }
  return out;
}

Conversation read_conversation(const std::filesystem::path& file) {
  Conversation conversation;
  std::istringstream lines(read_file_of_test("wire/" + file.filename().string()));
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with("> ")) conversation.sent += unescape(line.substr(2));
    if (line.starts_with("< ")) conversation.answered += unescape(line.substr(2));
    if (line == "closed") conversation.end = End::closed;
    if (line == "incomplete") conversation.end = End::incomplete;
  }
  return conversation;
}

std::vector<std::filesystem::path> wire_files() {
  std::vector<std::filesystem::path> files;
  const auto folder = std::filesystem::path(TIDEGATE_SOURCE_DIR) / "test/wire";
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    if (entry.path().extension() == ".txt") files.push_back(entry.path());
  }
  std::sort(files.begin(), files.end());
  return files;
}

void reply_in_pieces(ServerCall& call, std::optional<std::uint64_t> length) {
  call.begin_reply(Reply{}, length);
  call.write("one");
  call.write("");
  call.write("two");
  call.end_reply();
}

void answer(ServerCall& call) {
  const std::string_view path = call.head().path();
  if (path == "/stream") return reply_in_pieces(call, std::nullopt);
  if (path == "/length") return reply_in_pieces(call, 6);
  if (path == "/empty") return call.reply(Reply{.status = 204, .headers = {}, .body = ""});
  if (path != "/ignore") return echo(call);
  call.reply(Reply{.status = 200, .headers = {{"Content-Type", "text/plain"}}, .body = "ignored"});
}

ServerOptions short_refusals() {
  ServerOptions options;
  options.error_reply = [](int status, std::string_view reason) {
    Reply reply;
    reply.body = std::to_string(status) + " " + std::string(reason) + "\n";
    return reply;
  };
  return options;
}

void expect_open(RawSocket& client) {
  client.send("GET /probe HTTP/1.1\r\nHost: x\r\n\r\n");
  EXPECT_EQ(client.read_until("GET /probe <>").substr(0, 15), "HTTP/1.1 200 OK");
}

void play(const Conversation& conversation, RawSocket client, std::size_t piece) {
  client.send_in_pieces(conversation.sent, piece);
  std::string got;
  // Each reply has a Date line, which the files leave out.
  while (got.size() < conversation.answered.size()) {
    std::string line = client.read_until("\n");
    if (line.empty()) break;
    if (!line.starts_with("Date: ")) got += line;
    if (got.size() > conversation.answered.size()) break;
    const std::string_view rest = std::string_view(conversation.answered).substr(got.size());
    if (!rest.empty() && rest.find('\n') == std::string_view::npos) {
      got += client.read_bytes(rest.size());
    }
  }
  EXPECT_EQ(got, conversation.answered);
  if (conversation.end == End::closed) {
    EXPECT_EQ(client.read_to_end(), "");
  }
  if (conversation.end == End::open) expect_open(client);
}

class Wire : public testing::TestWithParam<std::filesystem::path> {};

TEST_P(Wire, IsAnsweredTheSameInPiecesOfAnySize) {
  const Conversation conversation = read_conversation(GetParam());
  ASSERT_FALSE(conversation.sent.empty());
  ASSERT_FALSE(conversation.answered.empty());
  TempFolder folder;
  const std::string unix_address = "unix:" + (folder.path() / "socket").string();
  for (const char* address : {"tcp:127.0.0.1:0", unix_address.c_str()}) {
    TestServer server(answer, short_refusals(), address);
    for (std::size_t piece : {1UL, 2UL, 3UL, 7UL, 65536UL}) {
      SCOPED_TRACE(std::string(address) + ", pieces of " + std::to_string(piece));
      play(conversation, server.connect(), piece);
    }
  }
}

std::string case_name(const testing::TestParamInfo<std::filesystem::path>& info) {
  return info.param.stem().string();
}

INSTANTIATE_TEST_SUITE_P(Files, Wire, testing::ValuesIn(wire_files()), case_name);

}  // namespace
}  // namespace tidegate::http
