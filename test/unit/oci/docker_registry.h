#pragma once

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <sys/socket.h>

#include <chrono>
#include <string>
#include <thread>

#include <gtest/gtest.h>

#include "fetch/curl_client.h"
#include "os/process.h"
#include "support/temp_dir.h"

namespace tidegate::oci {

// Debian's docker-registry on a free port of the loopback, with a folder of its own.
class DockerRegistry {
 public:
  enum class Login { none, htpasswd };  // the user is "ann", her password "open sesame"

  explicit DockerRegistry(Login login = Login::none) {
    port_ = free_port();
    std::string config =
        "version: 0.1\nlog: {level: error, accesslog: {disabled: true}}\nstorage: {filesystem: "
        "{rootdirectory: " +
        (dir_ / "store").string() + "}}\nhttp: {addr: \"" + address() + "\"}\n";
    if (login == Login::htpasswd) {
      config += "auth: {htpasswd: {realm: test, path: " + (dir_ / "htpasswd").string() + "}}\n";
      write("htpasswd", "ann:$2y$05$abcdefghijklmnopqrstuupx2xBUC4954936wVIjyyPHmUBFu0wCW\n");
    }
    write("config.yml", config);
    start();
  }
  ~DockerRegistry() { kill(); }
  DockerRegistry(const DockerRegistry&) = delete;

  std::string address() const { return "127.0.0.1:" + std::to_string(port_); }
  os::Path blob_file(const std::string& digest) const {
    std::string hex = digest.substr(7);
    return dir_ / "store/docker/registry/v2/blobs/sha256" / hex.substr(0, 2) / hex / "data";
  }

  // On the same port and folder as before.
  void start() {
    // It takes every 404 for an error.
    os::UniqueFd log(
        ::open((dir_ / "log").c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644));
    auto pid = os::spawn({.argv = {"/usr/bin/docker-registry", "serve", dir_ / "config.yml"}},
                         {.death_signal = SIGKILL, .stdout_fd = log.get(), .stderr_fd = log.get()});
    pid_ = pid.value();
    fetch::CurlClient client;
    for (int i = 0; i < 2000; ++i) {
      if (client.send({.url = "http://" + address() + "/v2/"})) return;
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
    FAIL() << "docker-registry did not start in 20 s: " << os::read_file(dir_ / "log").value_or("");
  }
  void kill() {
    if (pid_ <= 0) return;
    ::kill(pid_, SIGKILL);
    (void)os::wait_for(pid_);
    pid_ = -1;
  }

 private:
  static int free_port() {
    os::UniqueFd fd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_in address{.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    ::bind(fd.get(), reinterpret_cast<sockaddr*>(&address), sizeof address);
    socklen_t size = sizeof address;
    ::getsockname(fd.get(), reinterpret_cast<sockaddr*>(&address), &size);
    return ntohs(address.sin_port);
  }
  void write(std::string_view name, const std::string& text) {
    ASSERT_TRUE(os::write_file_quick(dir_ / name, text).has_value());
  }

  test::TempDir dir_;
  int port_ = 0;
  pid_t pid_ = -1;
};

}  // namespace tidegate::oci
