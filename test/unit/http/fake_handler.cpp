#include "unit/http/fake_handler.h"

#include <gtest/gtest.h>

#include <fmt/format.h>

#include "unit/http/held_call.h"

namespace tidegate::http {

TestServer::TestServer(FakeHandler::Function function, ServerOptions options, const char* address)
    : handler_(std::move(function)) {
  thread_.run([&] {
    auto listener = listen_on(Address::parse(address).value(), {});
    EXPECT_TRUE(listener.has_value());
    address_ = Address::parse(address).value();
    if (address_.kind == Address::Kind::tcp) address_ = address_of(*listener);
    server_ = std::make_unique<Server>(thread_.loop, handler_, std::move(options));
    EXPECT_TRUE(server_->add_listener(std::move(*listener)).has_value());
  });
}

TestServer::~TestServer() {
  thread_.run([this] { server_.reset(); });
}

bool TestServer::connections_become(std::size_t count) {
  return becomes_true([&] { return connections() == count; });
}

void echo(ServerCall& call) {
  call.read_body({}, [&call](Result<Body> body) {
    Reply reply;
    if (!body.has_value()) {
      reply.status = http_status(body.error().code);
      reply.body = body.error().message;
      return call.reply(std::move(reply));
    }
    reply.headers.emplace_back("Content-Type", "text/plain");
    reply.body =
        fmt::format("{} {} <{}>", call.head().method, call.head().target, body->read_all().value());
    call.reply(std::move(reply));
  });
}

}  // namespace tidegate::http
