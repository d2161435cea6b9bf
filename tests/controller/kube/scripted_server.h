// ScriptedServer: an HTTP server on loopback, plain or TLS, that does exactly what a test says,
// byte by byte.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <arpa/inet.h>
#include <openssl/ssl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstdint>
#include <functional>
#include <list>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "tests/controller/kube/test_certs.h"

namespace stevedore::kube {

struct ServerTls {
  TestCert cert;
  std::string client_ca;  // PEM; not empty: clients must show a certificate that it signed
  int max_version = 0;    // TLS1_1_VERSION and so on
};

// "5\r\nhello\r\n".
inline std::string Chunk(const std::string& data) {
  static const char* const kDigits = "0123456789abcdef";
  std::string size;
  for (std::size_t rest = data.size(); rest > 0; rest /= 16) size.insert(0, 1, kDigits[rest % 16]);
  return (size.empty() ? "0" : size) + "\r\n" + data + "\r\n";
}

inline std::string Answer(int status, const std::string& body, const std::string& headers = "") {
  return "HTTP/1.1 " + std::to_string(status) + " X\r\n" + headers +
         "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
}

inline const char* const kChunkedHead =
    "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n";

// One connection. Thread: its own.
class ServerConnection {
 public:
  ServerConnection(int fd, SSL* ssl) : fd_(fd), ssl_(ssl) {}
  ~ServerConnection() {
    if (ssl_ != nullptr) SSL_free(ssl_);
  }
  ServerConnection(const ServerConnection&) = delete;
  ServerConnection& operator=(const ServerConnection&) = delete;

  bool Write(const std::string& data) {
    if (ssl_ != nullptr) return SSL_write(ssl_, data.data(), static_cast<int>(data.size())) > 0;
    std::size_t sent = 0;
    while (sent < data.size()) {
      const ssize_t n = ::send(fd_, data.data() + sent, data.size() - sent, MSG_NOSIGNAL);
      if (n <= 0) return false;
      sent += static_cast<std::size_t>(n);
    }
    return true;
  }
  // Head and body of the next request, "" at the end.
  std::string ReadRequest() {
    std::string text;
    while (text.find("\r\n\r\n") == std::string::npos) {
      if (!ReadSome(text)) return "";
    }
    std::size_t length = 0;
    if (const auto at = text.find("Content-Length:"); at != std::string::npos) {
      length = std::stoul(text.substr(at + 15));
    }
    while (text.size() < text.find("\r\n\r\n") + 4 + length) {
      if (!ReadSome(text)) return "";
    }
    return text;
  }
  // Waits until the client closes, at most the read limit of 10 s. False when it did not.
  bool WaitForClose() {
    std::string ignored;
    while (ReadSome(ignored)) {
    }
    return last_error_ != EAGAIN;
  }
  // Makes the close that follows a reset instead of an orderly end.
  void Reset() {
    const linger hard{1, 0};
    ::setsockopt(fd_, SOL_SOCKET, SO_LINGER, &hard, sizeof(hard));
  }
  // The name that the client asked for, "" for none.
  std::string Sni() const {
    const char* const name = SSL_get_servername(ssl_, TLSEXT_NAMETYPE_host_name);
    return name == nullptr ? "" : name;
  }

 private:
  bool ReadSome(std::string& into) {
    char buffer[4096];
    errno = 0;
    const ssize_t n = ssl_ != nullptr ? SSL_read(ssl_, buffer, sizeof(buffer))
                                      : ::recv(fd_, buffer, sizeof(buffer), 0);
    last_error_ = errno;
    if (n <= 0) return false;
    into.append(buffer, static_cast<std::size_t>(n));
    return true;
  }

  const int fd_;
  SSL* const ssl_;
  int last_error_ = 0;
};

// Thread: the handler runs on one thread per connection. Lifetime: the destructor cuts all
// connections and waits for their threads.
class ScriptedServer {
 public:
  // Answers one request; false closes the connection.
  using Handler = std::function<bool(ServerConnection&, const std::string& request)>;

  explicit ScriptedServer(Handler handler, const ServerTls* tls = nullptr, bool v6 = false)
      : handler_(std::move(handler)) {
    // OpenSSL writes without MSG_NOSIGNAL, and clients here do go away.
    std::signal(SIGPIPE, SIG_IGN);
    if (tls != nullptr) context_ = MakeContext(*tls);
    listener_ = ::socket(v6 ? AF_INET6 : AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_storage address{};
    socklen_t length = v6 ? sizeof(sockaddr_in6) : sizeof(sockaddr_in);
    address.ss_family = v6 ? AF_INET6 : AF_INET;
    if (v6) {
      reinterpret_cast<sockaddr_in6&>(address).sin6_addr = in6addr_loopback;
    } else {
      reinterpret_cast<sockaddr_in&>(address).sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    }
    if (::bind(listener_, reinterpret_cast<sockaddr*>(&address), length) != 0) return;
    ::listen(listener_, 64);
    ::getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &length);
    port_ = ntohs(v6 ? reinterpret_cast<sockaddr_in6&>(address).sin6_port
                     : reinterpret_cast<sockaddr_in&>(address).sin_port);
    acceptor_ = std::thread([this] { Accept(); });
  }
  ~ScriptedServer() {
    stopping_ = true;
    ::shutdown(listener_, SHUT_RDWR);
    if (acceptor_.joinable()) acceptor_.join();
    ::close(listener_);
    {
      const std::lock_guard lock(mutex_);
      for (const int fd : open_) ::shutdown(fd, SHUT_RDWR);
    }
    for (std::thread& thread : threads_) thread.join();
    if (context_ != nullptr) SSL_CTX_free(context_);
  }
  ScriptedServer(const ScriptedServer&) = delete;
  ScriptedServer& operator=(const ScriptedServer&) = delete;

  // 0 when it could not listen (no IPv6).
  std::uint16_t port() const { return port_; }
  int connections() const { return connections_; }
  std::vector<std::string> requests() {
    const std::lock_guard lock(mutex_);
    return requests_;
  }

 private:
  static SSL_CTX* MakeContext(const ServerTls& tls) {
    SSL_CTX* const context = SSL_CTX_new(TLS_server_method());
    using test_certs::Bio;
    const Bio cert_bio(BIO_new_mem_buf(tls.cert.cert.data(), -1));
    const Bio key_bio(BIO_new_mem_buf(tls.cert.key.data(), -1));
    const test_certs::Cert cert(PEM_read_bio_X509(cert_bio.get(), nullptr, nullptr, nullptr));
    const test_certs::Key key(PEM_read_bio_PrivateKey(key_bio.get(), nullptr, nullptr, nullptr));
    SSL_CTX_use_certificate(context, cert.get());
    SSL_CTX_use_PrivateKey(context, key.get());
    if (tls.max_version != 0) {
      SSL_CTX_set_security_level(context, 0);
      SSL_CTX_set_max_proto_version(context, tls.max_version);
    }
    if (!tls.client_ca.empty()) {
      const Bio ca_bio(BIO_new_mem_buf(tls.client_ca.data(), -1));
      const test_certs::Cert ca(PEM_read_bio_X509(ca_bio.get(), nullptr, nullptr, nullptr));
      X509_STORE_add_cert(SSL_CTX_get_cert_store(context), ca.get());
      SSL_CTX_set_verify(context, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, nullptr);
    }
    return context;
  }

  void Accept() {
    while (!stopping_) {
      const int fd = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
      if (fd < 0) continue;
      const timeval limit{10, 0};
      ::setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
      ++connections_;
      const std::lock_guard lock(mutex_);
      open_.push_back(fd);
      threads_.emplace_back([this, fd] { Serve(fd); });
    }
  }

  void Serve(int fd) {
    SSL* const ssl = context_ == nullptr ? nullptr : SSL_new(context_);
    ServerConnection connection(fd, ssl);
    bool going = true;
    if (ssl != nullptr) {
      SSL_set_fd(ssl, fd);
      going = SSL_accept(ssl) == 1;
    }
    while (going && !stopping_) {
      const std::string request = connection.ReadRequest();
      if (request.empty()) break;
      {
        const std::lock_guard lock(mutex_);
        requests_.push_back(request);
      }
      going = handler_(connection, request);
    }
    const std::lock_guard lock(mutex_);
    open_.remove(fd);
    ::close(fd);
  }

  const Handler handler_;
  SSL_CTX* context_ = nullptr;
  int listener_ = -1;
  std::uint16_t port_ = 0;
  std::atomic<bool> stopping_{false};
  std::atomic<int> connections_{0};
  std::mutex mutex_;
  std::list<int> open_;
  std::vector<std::string> requests_;
  std::thread acceptor_;
  std::vector<std::thread> threads_;
};

}  // namespace stevedore::kube
