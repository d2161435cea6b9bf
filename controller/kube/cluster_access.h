// ClusterAccess: where an API server is and what proves who we are, as read from a kubeconfig or
// from a pod's mounted files. Plain values.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>

#include "proxy/base/result.h"

namespace stevedore::kube {

// An API server's URL, taken apart. IPv6 hosts are without brackets.
struct ServerUrl {
  bool tls = true;
  std::string host;
  std::uint16_t port = 0;
  std::string path;  // prefix of every request's path: "" or "/prefix", no slash at the end

  bool operator==(const ServerUrl&) const = default;
};

// "https://host[:port][/path]", the scheme http too; default ports 443 and 80. Errors quote `url`.
Result<ServerUrl> ParseServerUrl(const std::string& url);

// True for the text of an IPv4 or IPv6 address.
bool IsIpAddress(const std::string& host);

// Something secret or rotating: its text, or the file that holds it. Text wins.
struct Material {
  std::string text;
  std::string path;

  bool empty() const noexcept { return text.empty() && path.empty(); }
  // The text, or what the file holds now; "" when both are unset. A file is opened by its path
  // each time, since a kubelet swaps symbolic links.
  Result<std::string> Read() const;
};

struct ClusterAccess {
  ServerUrl server;
  std::string tls_server_name;  // verified and sent as SNI instead of the host; may be empty
  bool insecure_skip_tls_verify = false;
  Material ca;                  // PEM; unset means the system's trust store
  Material client_certificate;  // PEM; set together with client_key
  Material client_key;
  Material token;    // bearer token; unset means none is sent
  std::string ns;    // where our own objects live
  std::string name;  // for log lines: "in-cluster", or the context's name
};

}  // namespace stevedore::kube
