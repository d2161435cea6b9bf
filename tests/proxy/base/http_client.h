// A blocking TCP client that speaks raw HTTP, for tests.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>

#include <cstdint>
#include <string>
#include <vector>

#include "proxy/base/unique_fd.h"

namespace stevedore {

class HttpClient {
 public:
  // Port 0: connects only by Connect().
  explicit HttpClient(std::uint16_t port) : fd_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    if (port != 0 && !Connect(port)) fd_.reset();
  }
  bool Connect(std::uint16_t port) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return ::connect(fd_.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
  }
  bool connected() const { return static_cast<bool>(fd_); }

  bool Send(const std::string& text) {
    return ::send(fd_.get(), text.data(), text.size(), MSG_NOSIGNAL) ==
           static_cast<ssize_t>(text.size());
  }
  // Reads until `end` stands in what was read, the peer closed, or 5 s passed.
  std::string ReadUntil(const std::string& end) {
    std::string text;
    while (text.find(end) == std::string::npos) {
      char buffer[4096];
      pollfd wait{fd_.get(), POLLIN, 0};
      if (::poll(&wait, 1, 5000) != 1) break;
      const ssize_t n = ::recv(fd_.get(), buffer, sizeof buffer, 0);
      if (n <= 0) break;
      text.append(buffer, static_cast<std::size_t>(n));
    }
    return text;
  }
  // The number of bytes until the peer closed or was silent for 5 s.
  std::size_t CountToEnd() {
    std::size_t bytes = 0;
    for (std::vector<char> buffer(1 << 20);;) {
      pollfd wait{fd_.get(), POLLIN, 0};
      if (::poll(&wait, 1, 5000) != 1) return bytes;
      const ssize_t n = ::recv(fd_.get(), buffer.data(), buffer.size(), 0);
      if (n <= 0) return bytes;
      bytes += static_cast<std::size_t>(n);
    }
  }
  // Whether the peer has closed, within 5 s; what it sent before is dropped.
  bool Closed() {
    for (int i = 0; i < 100; ++i) {
      char buffer[4096];
      pollfd wait{fd_.get(), POLLIN, 0};
      if (::poll(&wait, 1, 5000) != 1) return false;
      if (::recv(fd_.get(), buffer, sizeof buffer, 0) <= 0) return true;
    }
    return false;
  }

 private:
  UniqueFd fd_;
};

}  // namespace stevedore
