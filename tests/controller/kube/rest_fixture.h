// A RestTransport with what it needs to live, for tests against a ScriptedServer.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <string>
#include <utility>

#include "controller/kube/rest_transport.h"
#include "tests/controller/kube/scripted_server.h"

namespace stevedore::kube {

inline ClusterAccess Plain(const ScriptedServer& server, const std::string& host = "127.0.0.1") {
  ClusterAccess access;
  access.server = {false, host, server.port(), ""};
  return access;
}

// Its clock stands still unless the test moves it.
class Rest {
 public:
  explicit Rest(ClusterAccess access, RestOptions options = Options())
      : credentials_(std::move(access), clock),
        transport_(credentials_, clock, std::move(options)) {}

  static RestOptions Options() {
    RestOptions options;
    options.user_agent = UserAgent("pod-1");
    options.unary_timeout = std::chrono::milliseconds(2000);
    options.watch_silence = std::chrono::milliseconds(5000);
    return options;
  }
  RestTransport* operator->() { return &transport_; }

  ManualClock clock;

 private:
  Credentials credentials_;
  RestTransport transport_;
};

inline Request Get(const std::string& path) { return Request{.path = path}; }

inline bool AnswerOk(ServerConnection& connection, const std::string&) {
  return connection.Write(Answer(200, "ok"));
}

}  // namespace stevedore::kube
