// Configs for the tests of this folder and of proxy/control.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <gtest/gtest.h>

#include <stdexcept>
#include <string>

#include "proxy/config/load.h"

namespace stevedore {

// Throws when `text` is not valid, which fails the test.
inline config::ValidConfig Valid(const std::string& text) {
  const config::Loaded loaded = config::Load(text);
  if (!loaded.config) throw std::invalid_argument(config::ToString(loaded.errors.front()));
  return *loaded.config;
}

// A listener on loopback whose datagrams go to `upstream`.
inline std::string ListenerText(const std::string& name, std::uint16_t port,
                                const std::string& upstream = "deny") {
  return R"({ "name": ")" + name + R"(", "address": "127.0.0.1", "port": )" + std::to_string(port) +
         R"(, "defaultUpstream": ")" + upstream + "\" }";
}

inline std::string UpstreamText(const std::string& name, std::uint16_t peer_port) {
  return R"({ "name": ")" + name + R"(", "peers": [ { "address": "127.0.0.1", "port": )" +
         std::to_string(peer_port) + " } ] }";
}

inline std::string ConfigText(const std::string& listeners, const std::string& upstreams = "") {
  return R"({ "version": 1, "listeners": [ )" + listeners + R"( ], "upstreams": [ )" + upstreams +
         " ] }";
}

}  // namespace stevedore
