// https against a real server, with certificates that openssl made a moment ago.
#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include <gtest/gtest.h>

#include <fmt/format.h>

#include "fetch/curl_client.h"
#include "os/process.h"
#include "support/temp_dir.h"
#include "unit/fetch/canned_server.h"

namespace tidegate::fetch {
namespace {

// Authorities and certificates as files of one folder: NAME.pem, NAME.key.
class Certificates {
 public:
  Certificates() {
    make_authority("ca");
    make_authority("other-ca");
    make("server", "ca", "IP:127.0.0.1", "1");
    make("expired", "ca", "IP:127.0.0.1", "-1");
    make("elsewhere", "ca", "DNS:elsewhere.test", "1");
    make("client", "ca", "DNS:client", "1");
    make("stranger", "other-ca", "DNS:stranger", "1");
  }

  const os::Path& folder() const { return folder_.path(); }
  std::string pem(const std::string& name) const {
    return os::read_file(folder_ / (name + ".pem")).value();
  }
  Secret key(const std::string& name) const {
    return Secret(os::read_file(folder_ / (name + ".key")).value());
  }

 private:
  void openssl(std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), "openssl");
    std::string output;
    os::RealCommandRunner runner;
    auto status = runner.run({.argv = arguments, .cwd = folder_.path()},
                             [&](std::string_view line) { output += fmt::format("{}\n", line); });
    ASSERT_TRUE(status.has_value()) << status.error().message;
    ASSERT_TRUE(status->ok()) << output;
  }
  static std::vector<std::string> new_key(const std::string& name) {
    return {"-newkey",    "ec",      "-pkeyopt",    "ec_paramgen_curve:prime256v1",
            "-nodes",     "-keyout", name + ".key", "-subj",
            "/CN=" + name};
  }
  void make_authority(const std::string& name) {
    std::vector<std::string> arguments = {"req", "-x509", "-days", "2", "-out", name + ".pem"};
    for (auto& word : new_key(name)) arguments.push_back(std::move(word));
    openssl(std::move(arguments));
  }
  void make(const std::string& name, const std::string& authority, const std::string& alternative,
            const std::string& days) {
    std::vector<std::string> arguments = {"req", "-out", name + ".csr", "-addext",
                                          "subjectAltName=" + alternative};
    for (auto& word : new_key(name)) arguments.push_back(std::move(word));
    openssl(std::move(arguments));
    openssl({"x509", "-req", "-in", name + ".csr", "-out", name + ".pem", "-days", days, "-CA",
             authority + ".pem", "-CAkey", authority + ".key", "-copy_extensions", "copyall"});
  }

  test::TempDir folder_;
};

class TlsServer {
 public:
  TlsServer(const Certificates& certificates, const std::string& name,
            const std::string& client_ca = "") {
    int in[2];
    int out[2];
    EXPECT_EQ(::pipe2(in, O_CLOEXEC), 0);
    EXPECT_EQ(::pipe2(out, O_CLOEXEC), 0);
    os::UniqueFd child_in(in[0]);
    os::UniqueFd child_out(out[1]);
    os::UniqueFd port_pipe(out[0]);
    stdin_.reset(in[1]);
    os::Command command{.argv = {"/usr/bin/python3",
                                 TIDEGATE_SOURCE_DIR "/test/unit/fetch/tls_server.py",
                                 certificates.folder().string(), name}};
    if (!client_ca.empty()) command.argv.push_back(client_ca);
    auto pid = os::spawn(command, {.fds = {{child_in.get(), 0}}, .stdout_fd = child_out.get()});
    EXPECT_TRUE(pid.has_value()) << pid.error().message;
    pid_ = *pid;
    child_out.reset();
    char buffer[32] = {};
    std::string port;
    for (ssize_t n; (n = ::read(port_pipe.get(), buffer, sizeof buffer)) > 0;) {
      port.append(buffer, static_cast<std::size_t>(n));
      if (port.ends_with('\n')) break;
    }
    EXPECT_TRUE(port.ends_with('\n')) << "the server did not start";
    if (port.ends_with('\n')) port.pop_back();
    url_ = "https://127.0.0.1:" + port;
  }
  ~TlsServer() {
    stdin_.reset();
    EXPECT_TRUE(os::wait_for(pid_).has_value());
  }
  const std::string& url() const { return url_; }

 private:
  os::UniqueFd stdin_;
  pid_t pid_ = -1;
  std::string url_;
};

class TlsTest : public testing::Test {
 protected:
  Result<Response> get(const TlsServer& server, Tls tls) {
    return client.send({.url = server.url() + "/", .tls = std::move(tls)});
  }
  // What is said when the call fails, after the server's name.
  std::string complaint(const TlsServer& server, Tls tls, Code code) {
    auto response = get(server, std::move(tls));
    if (response.has_value()) return "no complaint";
    EXPECT_EQ(code_name(response.error().code), code_name(code)) << response.error().message;
    EXPECT_TRUE(response.error().message.starts_with(server.url())) << response.error().message;
    return response.error().message.substr(
        std::min(server.url().size(), response.error().message.size()));
  }

  Certificates certificates;
  CurlClient client;
};

TEST_F(TlsTest, AServerOfAnUnknownAuthorityIsNotTrusted) {
  TlsServer server(certificates, "server");
  EXPECT_TRUE(complaint(server, {}, Code::unavailable)
                  .starts_with(": the server's certificate is from an authority that is not"));
  EXPECT_TRUE(complaint(server, {.ca = certificates.pem("other-ca")}, Code::unavailable)
                  .starts_with(": the server's certificate is from an authority that is not"));
}

TEST_F(TlsTest, AnExpiredCertificateIsCalledExpired) {
  TlsServer server(certificates, "expired");
  EXPECT_TRUE(complaint(server, {.ca = certificates.pem("ca")}, Code::unavailable)
                  .starts_with(": the server's certificate has expired"));
}

TEST_F(TlsTest, ACertificateOfAnotherHostIsSaidToBeOne) {
  TlsServer server(certificates, "elsewhere");
  EXPECT_TRUE(complaint(server, {.ca = certificates.pem("ca")}, Code::unavailable)
                  .starts_with(": the server's certificate is for another host name"));
}

TEST_F(TlsTest, AMissingOrStrangeClientCertificateIsUnauthenticated) {
  TlsServer server(certificates, "server", "ca");
  EXPECT_TRUE(complaint(server, {.ca = certificates.pem("ca")}, Code::unauthenticated)
                  .starts_with(" asks for a client certificate"));
  EXPECT_TRUE(complaint(server,
                        {.ca = certificates.pem("ca"),
                         .certificate = certificates.pem("stranger"),
                         .key = certificates.key("stranger")},
                        Code::unauthenticated)
                  .starts_with(" refused our client certificate"));
}

TEST_F(TlsTest, TextThatIsNoCertificateIsInvalid) {
  TlsServer server(certificates, "server");
  EXPECT_TRUE(complaint(server, {.ca = "rubbish"}, Code::invalid)
                  .starts_with(": the CA certificates to trust are no PEM text"));
  EXPECT_TRUE(complaint(server,
                        {.ca = certificates.pem("ca"),
                         .certificate = certificates.pem("client"),
                         .key = certificates.key("server")},
                        Code::invalid)
                  .starts_with(": the client certificate or its key cannot be used"));
}

TEST_F(TlsTest, TheGivenAuthorityIsTrusted) {
  TlsServer server(certificates, "server");
  auto response = get(server, {.ca = certificates.pem("ca")});
  ASSERT_TRUE(response.has_value()) << response.error().message;
  EXPECT_EQ(response->body, "hello");
}

TEST_F(TlsTest, WithoutVerificationAnybodyIsTrusted) {
  TlsServer server(certificates, "expired");
  auto response = get(server, {.is_verified = false});
  ASSERT_TRUE(response.has_value()) << response.error().message;
  EXPECT_EQ(response->body, "hello");
}

TEST_F(TlsTest, TheServerSeesOurCertificate) {
  TlsServer server(certificates, "server", "ca");
  auto response = get(server, {.ca = certificates.pem("ca"),
                               .certificate = certificates.pem("client"),
                               .key = certificates.key("client")});
  ASSERT_TRUE(response.has_value()) << response.error().message;
  EXPECT_EQ(response->body, "client");
  // A kept connection is not used for somebody with other certificates.
  EXPECT_TRUE(complaint(server, {.ca = certificates.pem("ca")}, Code::unauthenticated)
                  .starts_with(" asks for a client certificate"));
}

TEST_F(TlsTest, OurCertificateIsNotShownToAnotherHost) {
  TlsServer target(certificates, "server", "ca");
  CannedServer server([&](const std::string&) {
    return "HTTP/1.1 307 Temporary Redirect\r\nContent-Length: 0\r\nLocation: " + target.url() +
           "/\r\n\r\n";
  });
  auto response = client.send({.url = server.url() + "/",
                               .tls = {.ca = certificates.pem("ca"),
                                       .certificate = certificates.pem("client"),
                                       .key = certificates.key("client")}});
  ASSERT_FALSE(response.has_value());
  EXPECT_TRUE(response.error().message.starts_with(target.url() + " asks for a client cert"))
      << response.error().message;
}

}  // namespace
}  // namespace tidegate::fetch
